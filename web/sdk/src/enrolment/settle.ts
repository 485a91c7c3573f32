// Brings browser and server to agree about one subscription, wherever they parted: on a visit, when something else is
// known of the visitor, and when the browser itself has dropped a subscription. To be called in turn.

import { type Memory, type Profile, remember } from "./memory.ts";
import { ask, Refused } from "./server.ts";
import { subscriptionUnder } from "./subscription.ts";

/** By the site's owner, or by the visitor elsewhere: not ours to undo. */
const LEFT = new Set<unknown>(["removed", "unsubscribed"]);

/** `isDue`: the server shall hear of this browser even if there is no news. */
export async function settle(memory: Memory, registration: ServiceWorkerRegistration, isDue = false): Promise<Memory> {
  const subscription = await subscriptionUnder(memory.key, registration);
  if (subscription.endpoint !== memory.endpoint) return enrol(memory, subscription);
  const wanted = isDue ? { ...memory.wanted, ...whereabouts() } : memory.wanted;
  const news = difference(wanted, memory.told);
  if (!isDue && !Object.keys(news).length) return memory;
  try {
    await ask(memory, "PATCH", `subscriptions/${memory.id}`, news);
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

/** By endpoint: the server knows an old one again, and takes a new one for the successor of the one before. */
async function enrol(memory: Memory, subscription: PushSubscription): Promise<Memory> {
  const { consent, ...rest } = memory;
  const wanted = { ...memory.wanted, ...whereabouts() };
  const body = { subscription: subscription.toJSON(), previous_endpoint: memory.endpoint, consent };
  const join = async (said: Profile) => {
    const { subscription_id, token } = await ask({ ...memory, token: undefined }, "POST", "subscriptions", { ...body, ...said });
    const known = { endpoint: subscription.endpoint, id: String(subscription_id), token: String(token) };
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

const isAboutVisitor = (error: unknown): boolean =>
  error instanceof Refused && (error.status === 422 || error.code === "external_id_unproven");

function difference(wanted: Profile, told: Profile): Profile {
  const spelled = (profile: object) => Object.entries(profile).map(([name, value]) => [name, JSON.stringify(value)] as const);
  const before = new Map(spelled(told));
  const names = spelled(wanted).filter(([name, value]) => value !== before.get(name));
  return Object.fromEntries(names.map(([name]) => [name, wanted[name as keyof Profile]]));
}

const whereabouts = (): Profile => ({
  timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  language: navigator.language,
});
