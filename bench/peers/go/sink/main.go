// Says 201 to every push, on HTTP/2 and HTTP/1.1, after a while if so told: a push service that costs next to nothing.
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"time"
)

const (
	smallestBody = 200 + 103 // what is asked to be sent, and what RFC 8291 adds
	streams      = 256       // at once on a connection
)

// Every sender has to read them. Go adds Date and Content-Length, as Google does.
var asGoogleSays = map[string]string{
	"Location":               "https://fcm.googleapis.com/0:1698742625827058%e609af1cf9fd7ecd",
	"X-Content-Type-Options": "nosniff",
	"X-Frame-Options":        "SAMEORIGIN",
	"X-XSS-Protection":       "0",
	"Content-Type":           "text/html; charset=UTF-8",
	"Alt-Svc":                `h3=":443"; ma=2592000,h3-29=":443"; ma=2592000`,
}

func main() {
	log.SetFlags(0)
	folder := flag.String("folder", "", "of its certificate, leaf.pem")
	delayMS := flag.Int("delay-ms", 0, "before every answer")
	flag.Parse()
	leaf := filepath.Join(*folder, "leaf.pem")
	pair, err := tls.LoadX509KeyPair(leaf, leaf)
	check(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	server := &http.Server{
		Handler:   answering(time.Duration(*delayMS) * time.Millisecond),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}},
		HTTP2:     &http.HTTP2Config{MaxConcurrentStreams: streams},
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(server.ServeTLS(listener, "", ""))
}

func answering(delay time.Duration) http.HandlerFunc {
	return func(answer http.ResponseWriter, push *http.Request) {
		size, err := io.Copy(io.Discard, push.Body)
		if err != nil || size < smallestBody || push.Header.Get("Authorization") == "" {
			answer.WriteHeader(http.StatusBadRequest)
			return
		}
		time.Sleep(delay)
		for name, value := range asGoogleSays {
			answer.Header().Set(name, value)
		}
		answer.WriteHeader(http.StatusCreated)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
