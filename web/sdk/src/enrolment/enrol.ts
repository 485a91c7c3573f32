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

/** One that the server has no use for (409) is made anew, once: who is refused again is told so. Who was made to go stays
 * away, but for a new yes, which is then somebody new's. */
export async function enrol(
  memory: Memory,
  subscription: PushSubscription,
  registration: ServiceWorkerRegistration,
  saying: Saying = (words, say) => say(words),
): Promise<Memory> {
  try {
    return await introduce(memory, subscription, saying);
  } catch (error) {
    const { status, problem, isMeant } = error as Partial<Refused>;
    if (status !== 409 || (isMeant && !memory.consent)) throw error;
    const key = (problem?.["vapid_public_key"] ?? memory.key) as string;
    // Written down, or the next visit would subscribe under the wrong one again.
    const known = await remember({ ...memory, key, endpoint: isMeant ? undefined : memory.endpoint });
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
    is_renewal: !consent,
  };
  return saying({ ...whereabouts(), ...pending }, async (said) => {
    const answer = await ask(rest, "POST", "subscriptions", { ...body, ...spelled(said, memory) });
    const { subscription_id: id, token, vapid_public_key: key = memory.key } = answer as Enrolled;
    // The next visit is under the key of today.
    return remember({ ...rest, endpoint: subscription.endpoint, id, token, key, taken: { ...taken, ...said } });
  });
}
