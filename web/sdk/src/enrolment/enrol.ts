// Tells the server of a push subscription: a new one, or the successor of one that it knows. To be called in turn.

import { type Memory, type Profile, remember } from "./memory.ts";
import { all } from "./said.ts";
import { ask, Refused } from "./server.ts";

/** By endpoint: the server knows an old one again, and takes a new one for the successor of the one before. */
export async function enrol(memory: Memory, subscription: PushSubscription): Promise<Memory> {
  const { consent, ...rest } = memory;
  const wanted = { ...memory.wanted, ...whereabouts() };
  const body = { subscription: subscription.toJSON(), previous_endpoint: memory.endpoint, consent };
  const join = async (said: Profile) => {
    const stranger = { ...memory, token: undefined };
    const answer = await ask(stranger, "POST", "subscriptions", { ...body, ...all(memory, said) });
    const { subscription_id, token, vapid_public_key: key = memory.key } = answer; // the next visit is under that one
    const known = {
      endpoint: subscription.endpoint,
      id: String(subscription_id),
      token: String(token),
      key: String(key),
    };
    return remember({ ...rest, ...known, wanted: said, told: said });
  };
  try {
    return await join(wanted);
  } catch (error) {
    if (!isAboutVisitor(error)) throw error;
    await join({}); // a wrong word about the visitor must not cost the subscription
    throw error;
  }
}

export const isAboutVisitor = (error: unknown): boolean =>
  error instanceof Refused && (error.status === 422 || error.code === "external_id_unproven");

export const whereabouts = (): Profile => ({
  timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  language: navigator.language,
});
