// In a worker, before its own script: lets a page play what only a visitor or the browser can do, and see what followed.

self.done = [];
self.clients.openWindow = async (url) => void self.done.push({ opened: url });
WindowClient.prototype.focus = async function () {
  self.done.push({ focused: this.url });
  return this;
};

self.addEventListener("message", (event) => {
  const { kind, ...facts } = event.data;
  event.waitUntil(play(kind, facts).then((answer) => event.ports[0].postMessage(answer), (error) => event.ports[0].postMessage(String(error))));
});

async function play(kind, { action = "", facts = {}, tag }) {
  if (kind === "done") return self.done;
  const [notification] = await self.registration.getNotifications();
  const made = { notification, action };
  const event = kind.startsWith("notification") ? new NotificationEvent(kind, made) : Object.assign(new Event(kind), facts);
  const waits = [];
  Object.defineProperty(event, "waitUntil", { value: (work) => waits.push(work) }); // only trusted events have one that works
  if (tag) Object.defineProperty(event, "tag", { value: tag });
  self.dispatchEvent(event);
  await Promise.allSettled(waits);
  return self.done;
}
