// The console's service worker: shows the declarative envelope, always shows something, and opens what is clicked.

const FALLBACK = { title: "PushSaaS", body: "A message arrived that this page could not read." };

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil(receive(event.data)));

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { navigate, targets = {} } = event.notification.data ?? {};
  event.waitUntil(self.clients.openWindow(targets[event.action] ?? navigate ?? "/"));
});

// A push that shows nothing costs the permission in some browsers, so whatever fails ends in the fallback.
async function receive(data) {
  try {
    const told = data.json().notification;
    await show(told.title ? told : FALLBACK);
  } catch {
    await show(FALLBACK);
  }
}

function show({ title, navigate, actions = [], ...options }) {
  return self.registration.showNotification(title, {
    ...options,
    actions: actions.map((one) => ({ action: one.action, title: one.title })),
    data: { navigate, targets: Object.fromEntries(actions.map((one) => [one.action, one.navigate])) },
  });
}
