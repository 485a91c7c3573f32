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

/** Once: between two looks of ours into a store its first entry goes, as if another worker had taken it. */
function robOnce() {
  const { getAllKeys } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.getAllKeys = function (...words) {
    IDBObjectStore.prototype.getAllKeys = getAllKeys;
    const { db } = this.transaction;
    this.transaction.addEventListener("complete", () => {
      const store = db.transaction(this.name, "readwrite").objectStore(this.name);
      store.openCursor().onsuccess = ({ target }) => target.result?.delete();
    });
    return getAllKeys.apply(this, words);
  };
}

async function play(kind, { action = "", facts = {}, tag }) {
  if (kind === "done") return self.done;
  if (kind === "rob") return robOnce();
  const [notification] = await self.registration.getNotifications();
  if (kind === "notificationclose") notification.close(); // a visitor's doing takes it from the screen first
  const made = { notification, action };
  const event = kind.startsWith("notification") ? new NotificationEvent(kind, made) : Object.assign(new Event(kind), facts);
  const waits = [];
  Object.defineProperty(event, "waitUntil", { value: (work) => waits.push(work) }); // only trusted events have one that works
  if (tag) Object.defineProperty(event, "tag", { value: tag });
  self.dispatchEvent(event);
  await Promise.allSettled(waits);
  return self.done;
}
