// The push subscription of a worker's registration, under the key that its site uses now.

const PATIENCE_MS = 30_000; // without its push service a browser tries for ever

export async function subscriptionUnder(
  key: string,
  registration: ServiceWorkerRegistration,
): Promise<PushSubscription> {
  const held = await registration.pushManager.getSubscription();
  return held && (keyOf(held) ?? key) === key ? held : subscribedAnew(key, registration);
}

/** A browser keeps one subscription, and gives it again to who asks under the same key, though it may be dead. */
export async function subscribedAnew(key: string, registration: ServiceWorkerRegistration): Promise<PushSubscription> {
  await end(registration);
  const made = registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  return inTime(made, "No push service can be reached.");
}

export async function end(registration: ServiceWorkerRegistration | undefined): Promise<void> {
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
}

/** A browser that does not tell is taken at its word: replacing what works would never end. */
export function keyOf({ options }: PushSubscription): string | undefined {
  const bytes = options?.applicationServerKey;
  return bytes ? spelled(bytes) : undefined;
}

function spelled(bytes: ArrayBuffer): string {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** Whoever waits holds the turn of all tabs. */
export function inTime<T>(pending: Promise<T>, late: string): Promise<T> {
  return Promise.race([pending, new Promise<never>((_, fail) => setTimeout(fail, PATIENCE_MS, new Error(late)))]);
}
