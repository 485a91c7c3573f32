// A push service for pages and workers of one origin: what the browser's own would answer, kept in its cache storage.

(() => {
  const KEPT = "stand-in-push-service";
  const place = (registration) => `/${KEPT}?${encodeURIComponent(registration.scope)}`;
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const spelled = (raw) => btoa(String.fromCharCode(...new Uint8Array(raw))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");

  const registrations = new WeakMap();
  const own = Object.getOwnPropertyDescriptor(ServiceWorkerRegistration.prototype, "pushManager").get;
  Object.defineProperty(ServiceWorkerRegistration.prototype, "pushManager", {
    get() {
      const manager = own.call(this);
      registrations.set(manager, this);
      return manager;
    },
  });

  async function held(registration) {
    const found = await (await caches.open(KEPT)).match(place(registration));
    return found ? revived(registration, await found.json()) : null;
  }

  function revived(registration, { key, ...told }) {
    return {
      endpoint: told.endpoint,
      options: { userVisibleOnly: true, applicationServerKey: bytes(key).buffer },
      toJSON: () => ({ ...told, expirationTime: null }),
      unsubscribe: async () => (await caches.open(KEPT)).delete(place(registration)),
    };
  }

  PushManager.prototype.getSubscription = function () {
    return held(registrations.get(this));
  };

  PushManager.prototype.subscribe = async function ({ userVisibleOnly, applicationServerKey: key }) {
    const registration = registrations.get(this);
    if (Notification.permission !== "granted") throw new DOMException("no permission", "NotAllowedError");
    if (!registration.active) throw new DOMException("no active worker", "AbortError");
    if (!userVisibleOnly) throw new DOMException("not visible", "NotAllowedError");
    const before = await held(registration);
    if (before && spelled(before.options.applicationServerKey) === key) return before;
    if (before) throw new DOMException("another key", "InvalidStateError");
    const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
    const told = {
      key,
      endpoint: `https://fcm.googleapis.com/fcm/send/${crypto.randomUUID()}`,
      keys: { p256dh: spelled(await crypto.subtle.exportKey("raw", pair.publicKey)), auth: spelled(crypto.getRandomValues(new Uint8Array(16))) },
    };
    await (await caches.open(KEPT)).put(place(registration), new Response(JSON.stringify(told)));
    return revived(registration, told);
  };
})();
