// The push subscription of a worker's registration, under the key that its site uses now.

const PATIENCE_MS = 30_000; // without its push service a browser tries for ever

export async function subscriptionUnder(
  key: string,
  registration: ServiceWorkerRegistration,
): Promise<PushSubscription> {
  const held = await registration.pushManager.getSubscription();
  if (held && isUnder(key, held)) return held;
  await held?.unsubscribe();
  return inTime(registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
}

/** A browser that does not tell the key is taken at its word: replacing what works would never end. */
function isUnder(key: string, held: PushSubscription): boolean {
  const bytes = held.options?.applicationServerKey;
  return !bytes || spelled(bytes) === key;
}

function spelled(bytes: ArrayBuffer): string {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function inTime<T>(pending: Promise<T>): Promise<T> {
  const tooLate = new Promise<never>((_, fail) => {
    setTimeout(() => fail(new Error("The push service could not be reached.")), PATIENCE_MS);
  });
  return Promise.race([pending, tooLate]);
}
