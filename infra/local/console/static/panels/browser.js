// "Subscribe this browser": with REAL_PUSH=1 it joins the demo site's audience by its own push service.

import { find, say, tell } from "/local/dom.js";
import { ask, Refused } from "/local/feed.js";

const REMEMBERED = "subscription";
const WORKER = "/local/worker.js";
const PATIENCE_MS = 20_000; // a browser without a connection would try for ever
const button = find("subscribe");
const text = find("subscribe-text");
let welcome = null;
let isReal = null;
let isBusy = false;

export function show(state) {
  if (state.welcome) welcome = state.welcome;
  if (isReal === state.real_push && !state.fresh) return;
  isReal = state.real_push;
  refresh();
}

async function refresh() {
  const reason = obstacle();
  const mine = reason ? null : await ownSubscription();
  button.disabled = Boolean(reason);
  say(button, mine ? "Unsubscribe this browser" : "Subscribe this browser");
  tell(text, reason ?? (mine ? `Subscribed as ${remembered()?.subscription_id ?? "somebody this page has forgotten"}. The next campaign reaches this browser too.` : "Asks for permission, then joins the demo site's audience."));
}

function obstacle() {
  if (!isReal) return "Off, because nothing may leave this machine. `make run REAL_PUSH=1` switches it on.";
  if (!("serviceWorker" in navigator) || !("PushManager" in window)) return "This browser knows no web push, or the window is a private one.";
  if (Notification.permission === "denied") return "This browser blocks notifications from here; its settings for this address can allow them again.";
  return null;
}

async function ownSubscription() {
  const registration = await navigator.serviceWorker.getRegistration(WORKER);
  const subscription = (await registration?.pushManager.getSubscription()) ?? null;
  if (!subscription || isForOurSite(subscription)) return subscription;
  await subscription.unsubscribe(); // made before `make reset`: its site is gone, and its key stands in the way
  return null;
}

function isForOurSite(subscription) {
  const key = new Uint8Array(subscription.options.applicationServerKey ?? []);
  const spelled = btoa(String.fromCharCode(...key)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return spelled === welcome.vapid_public_key;
}

button.addEventListener("click", async () => {
  if (isBusy) return;
  isBusy = button.disabled = true;
  try {
    const mine = await ownSubscription();
    await (mine ? leave(mine) : join());
    await refresh();
  } catch (error) {
    await refresh();
    tell(text, failure(error));
  } finally {
    isBusy = false;
  }
});

// Permission is asked for first, while the click still counts as one.
async function join() {
  if ((await Notification.requestPermission()) !== "granted") throw new Error("Permission was not given.");
  const registration = await navigator.serviceWorker.register(WORKER, { updateViaCache: "none" });
  await active(registration);
  say(text, "Waiting for the browser's push service…");
  const subscription = await subscribed(registration);
  try {
    const answer = await ask(route(), { method: "POST", body: { subscription: subscription.toJSON(), timezone: Intl.DateTimeFormat().resolvedOptions().timeZone, language: navigator.language, tags: ["console"] } });
    localStorage.setItem(REMEMBERED, JSON.stringify(answer));
  } catch (error) {
    await subscription.unsubscribe();
    throw error;
  }
}

async function subscribed(registration) {
  const pending = registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: welcome.vapid_public_key });
  const tooLate = new Promise((_, fail) => setTimeout(() => fail(new DOMException("", "AbortError")), PATIENCE_MS));
  try {
    return await Promise.race([pending, tooLate]);
  } catch (error) {
    pending.then((late) => late.unsubscribe(), () => {});
    throw error;
  }
}

async function leave(subscription) {
  const known = remembered();
  await subscription.unsubscribe();
  localStorage.removeItem(REMEMBERED);
  if (known) await ask(`${route()}/${known.subscription_id}`, { method: "DELETE", headers: { "x-subscription-token": known.token } }).catch(() => {});
}

function active(registration) {
  const worker = registration.installing ?? registration.waiting;
  if (registration.active || !worker) return undefined;
  return new Promise((done) => worker.addEventListener("statechange", () => worker.state === "activated" && done()));
}

function failure(error) {
  if (error instanceof Refused) return `The product refused this browser: ${error.message}`;
  if (error.name === "AbortError") return "The browser's push service could not be reached.";
  return error.message;
}

const route = () => `/v1/sdk/${encodeURIComponent(welcome.site_key)}/subscriptions`;

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(REMEMBERED));
  } catch {
    return null;
  }
}
