// Brings browser and server to agree about one subscription, wherever they parted: on a visit, and when something else
// is known of the visitor. To be called in turn.

import { enrol } from "../enrolment/enrol.ts";
import { afterAll, type Memory, remember } from "../enrolment/memory.ts";
import { spelled, told, whereabouts } from "../enrolment/said.ts";
import { ask, type Refused } from "../enrolment/server.ts";
import { end, subscribedAnew, subscriptionUnder } from "../enrolment/subscription.ts";
import { refused, withoutRefused } from "./refused.ts";

/** `isDue`: the server shall hear of this browser even if there is no news. One that it knows is asked for under the id
 * that it had, also where its endpoint is a new one: it may have been told to go. */
export async function settle(memory: Memory, registration: ServiceWorkerRegistration, isDue = false): Promise<unknown> {
  const subscription = await subscriptionUnder(memory.key, registration);
  const hasMoved = subscription.endpoint !== memory.endpoint;
  if (!isDue && subscription.endpoint === memory.refused) return memory;
  if (!memory.id) return enrolled(memory, subscription, registration);
  const words = { ...memory.pending, ...(isDue && whereabouts()) };
  if (!isDue && !hasMoved && !Object.keys(words).length) return memory;
  const { pending, ...rest } = memory;
  let now: Memory;
  try {
    now = await withoutRefused(words, async (said) => {
      await ask(memory, "PATCH", `subscriptions/${memory.id}`, spelled(said, memory));
      return remember({ ...rest, taken: { ...memory.taken, ...said } });
    });
  } catch (error) {
    return recover(error, memory, subscription, registration);
  }
  return hasMoved ? enrolled(now, subscription, registration) : now;
}

export async function leave(memory: Memory, registration: ServiceWorkerRegistration | undefined): Promise<void> {
  await part(await forget(memory), registration);
}

/** The scope, too: another site may be next there. */
export function forget({ isJoined, consent, taken, pending, scope, ...rest }: Memory): Promise<Memory> {
  return remember({ ...rest, saidAt: afterAll(rest) });
}

/** Of who has left: again on the next visit where the page was closed, or the server away. */
export async function part(memory: Memory, registration: ServiceWorkerRegistration | undefined): Promise<void> {
  const { id, token, endpoint, ...rest } = memory;
  await end(registration);
  try {
    if (id) await ask(memory, "DELETE", `subscriptions/${id}?said_at=${told(rest.saidAt ?? 0)}`);
  } catch (error) {
    if (!(error as Partial<Refused>).isFinal) return;
  }
  await remember(rest);
}

async function recover(
  error: unknown,
  memory: Memory,
  subscription: PushSubscription,
  registration: ServiceWorkerRegistration,
): Promise<unknown> {
  const { problem, status, code, isMeant } = error as Partial<Refused>;
  if (isMeant) return leave(memory, registration);
  const isAlive = problem?.["ended_reason"] === "sunset"; // given up for its silence, and here the visitor is
  if (isAlive || status === 401) return enrolled(memory, subscription, registration);
  if (code !== "subscription_ended") throw error;
  // Its push service has given it up, though the browser may still hold it.
  const isDead = subscription.endpoint === memory.endpoint;
  const living = isDead ? await subscribedAnew(memory.key, registration) : subscription;
  return enrolled(memory, living, registration);
}

/** What the product will not have at all, as of a push service that it does not know, it is not asked again today. */
async function enrolled(memory: Memory, subscription: PushSubscription, registration: ServiceWorkerRegistration) {
  try {
    return await enrol(memory, subscription, registration, withoutRefused);
  } catch (error) {
    if ((error as Partial<Refused>).isMeant) return leave(memory, registration);
    if (refused(error) === "subscription") await remember({ ...memory, refused: subscription.endpoint });
    throw error;
  }
}
