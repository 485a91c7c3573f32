// The worker, imported by the site's one-line file or by the worker that it has already: so it takes over nothing, and
// leaves alone what is not its own.

import { enrol } from "../enrolment/enrol.ts";
import { inTurn } from "../enrolment/memory.ts";
import { subscriptionUnder } from "../enrolment/subscription.ts";
import { follow } from "./click.ts";
import { errandOf, read, type Shown } from "./message.ts";
import { ownMemory, report, SYNC, send } from "./receipts.ts";

declare const self: ServiceWorkerGlobalScope;

const followed = new Set<unknown>(); // Firefox tells of a notification that we close ourselves, too

self.addEventListener("push", (event) => {
  const shown = read(event.data);
  event.waitUntil(show(shown).then(() => Promise.allSettled([mark(shown), report("displayed", shown.receipt)])));
});

self.addEventListener("notificationclick", (event) => {
  const errand = errandOf(event.notification);
  if (!errand) return;
  followed.add(errand.receipt);
  event.notification.close();
  event.waitUntil(Promise.allSettled([follow(errand, event.action), report("clicked", errand.receipt)]));
});

self.addEventListener("notificationclose", (event) => {
  const errand = errandOf(event.notification);
  if (errand && !followed.delete(errand.receipt)) event.waitUntil(report("dismissed", errand.receipt));
});

self.addEventListener("pushsubscriptionchange", (event) => {
  (event as ExtendableEvent).waitUntil(inTurn(heal));
});

self.addEventListener("sync" as "push", (event) => {
  if ((event as unknown as { tag: string }).tag === SYNC) event.waitUntil(send());
});

/** First and always: a push that shows nothing costs the permission. What a browser finds wrong is left out. */
function show({ title, options }: Shown): Promise<void> {
  const { body = "", data } = options;
  const shown = () => self.registration.showNotification(title, options);
  const bare = () => self.registration.showNotification(title, { body: typeof body === "string" ? body : "", data });
  return new Promise<void>((done) => done(shown())).catch(bare);
}

async function mark({ badge }: Shown): Promise<void> {
  if (badge !== undefined) await navigator.setAppBadge?.(badge);
}

async function heal(): Promise<void> {
  const memory = await ownMemory();
  if (!memory?.isJoined) return;
  const subscription = await subscriptionUnder(memory.key, self.registration);
  if (subscription.endpoint !== memory.endpoint) await enrol(memory, subscription);
}
