//! Pushes with crates.io's web-push, over HTTP/2: see ../../job.py for how it is told what to do.

use std::{env, error::Error, fs, io};

use futures_util::{TryStreamExt, stream};
use reqwest::{Certificate, Client, StatusCode};
use serde::Deserialize;
use web_push::{
    ContentEncoding, PartialVapidSignatureBuilder, SubscriptionInfo, VapidSignatureBuilder, WebPushMessageBuilder,
    request_builder,
};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Deserialize)]
struct Job {
    ca_path: String,
    vapid_private_key: String,
    subject: String,
    payload: String,
    ttl_seconds: u32,
    at_once: usize,
    subscriptions: Vec<SubscriptionInfo>,
}

struct Sender {
    job: Job,
    client: Client,
    key: PartialVapidSignatureBuilder,
}

fn main() -> Outcome {
    let path = env::args().nth(1).ok_or("whose job?")?;
    let job: Job = serde_json::from_slice(&fs::read(path)?)?;
    let authority = Certificate::from_pem(&fs::read(&job.ca_path)?)?;
    let client = Client::builder().add_root_certificate(authority).build()?;
    let key = VapidSignatureBuilder::from_base64_no_sub(&job.vapid_private_key)?;
    let sender = Sender { job, client, key };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for line in io::stdin().lines() {
        let count = line?.parse()?;
        runtime.block_on(sender.push(count))?;
        println!("{count}");
    }
    Ok(())
}

impl Sender {
    async fn push(&self, count: usize) -> Outcome {
        stream::iter(self.job.subscriptions.iter().cycle().take(count).map(Ok))
            .try_for_each_concurrent(self.job.at_once, |subscription| self.push_to(subscription))
            .await
    }

    async fn push_to(&self, subscription: &SubscriptionInfo) -> Outcome {
        let mut signature = self.key.clone().add_sub_info(subscription);
        signature.add_claim("sub", self.job.subject.as_str());
        let mut message = WebPushMessageBuilder::new(subscription);
        message.set_payload(ContentEncoding::Aes128Gcm, self.job.payload.as_bytes());
        message.set_ttl(self.job.ttl_seconds);
        message.set_vapid_signature(signature.build()?);
        let request = request_builder::build_request::<Vec<u8>>(message.build()?);
        let response = self.client.execute(request.try_into()?).await?;
        match response.status() {
            StatusCode::CREATED => Ok(()),
            status => Err(format!("answered {status}").into()),
        }
    }
}
