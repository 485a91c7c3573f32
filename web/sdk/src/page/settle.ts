// Brings browser and server to agree about one subscription, wherever they parted: on a visit, and when something else
// is known of the visitor. To be called in turn.

import { enrol, isAboutVisitor, whereabouts } from "../enrolment/enrol.ts";
import { type Memory, remember } from "../enrolment/memory.ts";
import { news } from "../enrolment/said.ts";
import { ask, Refused } from "../enrolment/server.ts";
import { subscriptionUnder } from "../enrolment/subscription.ts";

/** By the site's owner, or by the visitor elsewhere: not ours to undo. */
const LEFT = new Set<unknown>(["removed", "unsubscribed"]);

/** `isDue`: the server shall hear of this browser even if there is no news. */
export async function settle(memory: Memory, registration: ServiceWorkerRegistration, isDue = false): Promise<Memory> {
  const subscription = await subscriptionUnder(memory.key, registration);
  if (subscription.endpoint !== memory.endpoint) return enrol(memory, subscription);
  const wanted = isDue ? { ...memory.wanted, ...whereabouts() } : memory.wanted;
  const said = news(memory, wanted);
  if (!isDue && !Object.keys(said).length) return memory;
  try {
    await ask(memory, "PATCH", `subscriptions/${memory.id}`, said);
  } catch (error) {
    return recover(error, memory, subscription, registration);
  }
  return remember({ ...memory, wanted, told: wanted });
}

/** Also where the server cannot be told: the push service will tell it. */
export async function leave(memory: Memory, registration: ServiceWorkerRegistration | undefined): Promise<Memory> {
  const { endpoint, id, token, consent, isJoined, ...rest } = memory;
  const left = await remember({ ...rest, wanted: {}, told: {} });
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
  if (id) await ask(memory, "DELETE", `subscriptions/${id}`).catch(() => {});
  return left;
}

async function recover(
  error: unknown,
  memory: Memory,
  subscription: PushSubscription,
  registration: ServiceWorkerRegistration,
): Promise<Memory> {
  if (!(error instanceof Refused)) throw error;
  if (error.status === 401 || error.status === 404) return enrol(memory, subscription);
  if (isAboutVisitor(error)) await remember({ ...memory, wanted: memory.told }); // or every visit would say it again
  if (error.code !== "subscription_ended") throw error;
  if (LEFT.has(error.problem["ended_reason"])) return leave(memory, registration);
  await subscription.unsubscribe(); // its push service has given it up, though the browser still holds it
  return enrol(memory, await subscriptionUnder(memory.key, registration));
}
