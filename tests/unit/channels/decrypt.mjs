// RFC 8291 as a browser reads it, by node's own cryptography. Reads {"private", "auth", "body"} in base64url from
// standard input, writes the plaintext to standard output.
import { createDecipheriv, createECDH, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";

const asked = JSON.parse(readFileSync(0, "utf8"));
const [scalar, auth, body] = [asked.private, asked.auth, asked.body].map((text) => Buffer.from(text, "base64url"));
const hmac = (key, ...parts) => createHmac("sha256", key).update(Buffer.concat(parts)).digest();

const salt = body.subarray(0, 16);
const keyLength = body[20];
const sender = body.subarray(21, 21 + keyLength);
const sealed = body.subarray(21 + keyLength);

const own = createECDH("prime256v1");
own.setPrivateKey(scalar);
const prk = hmac(auth, own.computeSecret(sender));
const keying = hmac(prk, Buffer.from("WebPush: info\0"), own.getPublicKey(), sender, Buffer.from([1]));
const pseudorandom = hmac(salt, keying);
const key = hmac(pseudorandom, Buffer.from("Content-Encoding: aes128gcm\0\x01")).subarray(0, 16);
const nonce = hmac(pseudorandom, Buffer.from("Content-Encoding: nonce\0\x01")).subarray(0, 12);

const decipher = createDecipheriv("aes-128-gcm", key, nonce);
decipher.setAuthTag(sealed.subarray(-16));
const padded = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
if (padded.at(-1) !== 2) throw new Error("the last record does not end as one");
process.stdout.write(padded.subarray(0, -1));
