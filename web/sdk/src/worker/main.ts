// The worker, imported by the site's one-line file or by the worker that it has already: it takes over nothing, shows
// every push that comes, whoever sent it, and follows clicks on what it has shown.

import { enrol } from "../enrolment/enrol.ts";
import { inTurn } from "../enrolment/memory.ts";
import type { Refused } from "../enrolment/server.ts";
import { subscriptionUnder } from "../enrolment/subscription.ts";
import { follow } from "./click.ts";
import { errandOf, first, read, type Shown } from "./message.ts";
import { keep, later, ownMemory, SYNC, send, tell } from "./receipts.ts";

declare const self: ServiceWorkerGlobalScope;

const followed = new Set<unknown>(); // Firefox tells of a notification that we close ourselves, too

self.addEventListener("push", (event) => {
  const shown = read(event.data);
  const done = show(shown).then(() => Promise.allSettled([mark(shown), keep("displayed", shown.receipt)]));
  event.waitUntil(done.then(() => void tell())); // Chromium looks for a notification when we are done: by then it may be clicked
});

self.addEventListener("notificationclick", (event) => {
  const errand = errandOf(event.notification);
  if (!errand) return;
  followed.add(errand.receipt);
  event.notification.close();
  event.waitUntil(Promise.allSettled([follow(errand, event.action), keep("clicked", errand.receipt).then(tell)]));
});

self.addEventListener("notificationclose", (event) => {
  const errand = errandOf(event.notification);
  if (errand && !followed.delete(errand.receipt)) event.waitUntil(gone(event.notification, errand.receipt));
});

self.addEventListener("pushsubscriptionchange", (event) => {
  (event as ExtendableEvent).waitUntil(inTurn(heal).catch(later));
});

self.addEventListener("sync" as "push", (event) => {
  if ((event as unknown as { tag: string }).tag === SYNC) event.waitUntil(Promise.all([inTurn(heal), send()]));
});

/** First and always: a push that shows nothing costs the permission. What a browser finds wrong is left out. */
function show({ title, options }: Shown): Promise<void> {
  const shown = async () => self.registration.showNotification(title, options);
  const bare = () => self.registration.showNotification(title, { body: first(options.body), data: options.data });
  return shown().catch(bare);
}

/** Firefox tells of a notification that another has replaced, too. */
async function gone({ tag }: Notification, receipt: string | undefined): Promise<void> {
  const left = await self.registration.getNotifications();
  if (!left.some((one) => tag && one.tag === tag)) await keep("dismissed", receipt).then(tell);
}

async function mark({ badge }: Shown): Promise<void> {
  if (badge !== undefined) await navigator.setAppBadge?.(badge);
}

async function heal(): Promise<void> {
  const memory = await ownMemory();
  if (!memory?.isJoined) return;
  const subscription = await subscriptionUnder(memory.key, self.registration);
  if (subscription.endpoint === memory.endpoint) return;
  await enrol(memory, subscription, self.registration).catch((error: Partial<Refused>) => {
    if (!error.isMeant) throw error; // the next visit takes leave
  });
}
