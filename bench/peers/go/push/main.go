// Pushes with github.com/SherClockHolmes/webpush-go: see ../../job.py for how it is told what to do.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"sync"

	webpush "github.com/SherClockHolmes/webpush-go"
)

type job struct {
	CAPath          string                 `json:"ca_path"`
	VAPIDPrivateKey string                 `json:"vapid_private_key"`
	VAPIDPublicKey  string                 `json:"vapid_public_key"`
	Subject         string                 `json:"subject"`
	Payload         string                 `json:"payload"`
	TTLSeconds      int                    `json:"ttl_seconds"`
	AtOnce          int                    `json:"at_once"`
	Subscriptions   []webpush.Subscription `json:"subscriptions"`
}

func main() {
	log.SetFlags(0)
	var given job
	content, err := os.ReadFile(os.Args[1])
	check(err)
	check(json.Unmarshal(content, &given))
	client := given.client()
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		count, err := strconv.Atoi(lines.Text())
		check(err)
		given.push(client, count)
		fmt.Println(count)
	}
}

func (given job) client() *http.Client {
	pem, err := os.ReadFile(given.CAPath)
	check(err)
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(pem)
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: authorities},
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: given.AtOnce,
	}}
}

func (given job) push(client *http.Client, count int) {
	next := make(chan *webpush.Subscription)
	var senders sync.WaitGroup
	for range given.AtOnce {
		senders.Go(func() {
			for subscription := range next {
				given.pushTo(client, subscription)
			}
		})
	}
	for number := range count {
		next <- &given.Subscriptions[number%len(given.Subscriptions)]
	}
	close(next)
	senders.Wait()
}

func (given job) pushTo(client *http.Client, subscription *webpush.Subscription) {
	response, err := webpush.SendNotification([]byte(given.Payload), subscription, &webpush.Options{
		HTTPClient:      client,
		Subscriber:      given.Subject,
		VAPIDPublicKey:  given.VAPIDPublicKey,
		VAPIDPrivateKey: given.VAPIDPrivateKey,
		TTL:             given.TTLSeconds,
		RecordSize:      uint32(len(given.Payload) + 103), // the library pads to the whole record: 4,096 unless told
	})
	check(err)
	_, err = io.Copy(io.Discard, response.Body)
	check(err)
	response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		log.Fatalf("answered %d", response.StatusCode)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
