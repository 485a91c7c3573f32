// Pushes with npm's web-push: see ../job.py for how it is told what to do.
import { readFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { createInterface } from 'node:readline'
import webpush from 'web-push'

const job = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const agent = new Agent({ ca: readFileSync(job.ca_path), keepAlive: true, maxSockets: job.at_once })
const options = {
  TTL: job.ttl_seconds,
  agent,
  vapidDetails: { subject: job.subject, publicKey: job.vapid_public_key, privateKey: job.vapid_private_key },
}

async function push(count) {
  let number = 0
  async function sender() {
    while (number < count) {
      const subscription = job.subscriptions[number++ % job.subscriptions.length]
      const { statusCode } = await webpush.sendNotification(subscription, job.payload, options)
      if (statusCode !== 201) throw new Error(`answered ${statusCode}`)
    }
  }
  await Promise.all(Array.from({ length: job.at_once }, sender))
}

for await (const line of createInterface({ input: process.stdin })) {
  await push(Number(line))
  console.log(line)
}
process.exit()
