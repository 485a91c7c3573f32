// Tells the server of a push subscription: a new one, or the successor of one that it knows. To be called in turn.

import { type Memory, remember, type Words } from "./memory.ts";
import { spelled, whereabouts } from "./said.ts";
import { ask, type Refused } from "./server.ts";
import { keyOf, subscribedAnew } from "./subscription.ts";

interface Enrolled extends Record<string, unknown> {
  subscription_id: string;
  token: string;
  vapid_public_key?: string;
}

/** What to do where a word is refused: a page says the rest, the worker leaves it to the next page. */
type Saying = (words: Words, say: (words: Words) => Promise<Memory>) => Promise<Memory>;

/** One that the server has no use for is made anew, once: who is refused again is told so. */
export async function enrol(
  memory: Memory,
  subscription: PushSubscription,
  registration: ServiceWorkerRegistration,
  saying: Saying = (words, say) => say(words),
): Promise<Memory> {
  try {
    return await introduce(memory, subscription, saying);
  } catch (error) {
    const { code, problem } = error as Partial<Refused>;
    const isUseless = code === "wrong_vapid_key" || code === "subscription_ended";
    if (!isUseless) throw error;
    const key = (problem?.["vapid_public_key"] ?? memory.key) as string;
    const known = await remember({ ...memory, key }); // or the next visit would subscribe under the wrong one again
    return introduce(known, await subscribedAnew(key, registration), saying);
  }
}

/** By endpoint: the server knows an old one again, and takes a new one for the successor of the one before, with
 * all that it was told: after an erasure there is none, and nothing is to come back. */
function introduce(memory: Memory, subscription: PushSubscription, saying: Saying): Promise<Memory> {
  const { consent, token: _, taken, pending, ...rest } = memory;
  const body = {
    subscription: subscription.toJSON(),
    vapid_public_key: keyOf(subscription),
    previous_endpoint: memory.endpoint,
    consent,
  };
  return saying({ ...whereabouts(), ...pending }, async (said) => {
    const answer = await ask(rest, "POST", "subscriptions", { ...body, ...spelled(said, memory) });
    const { subscription_id: id, token, vapid_public_key: key = memory.key } = answer as Enrolled;
    // The next visit is under the key of today.
    return remember({ ...rest, endpoint: subscription.endpoint, id, token, key, taken: { ...taken, ...said } });
  });
}
