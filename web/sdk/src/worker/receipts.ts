// What became of a notification, told to the server: kept first, sent in batches, and again until it was taken. The
// only module that knows the route.

import { inStore, type Memory, recallAll } from "../enrolment/memory.ts";
import { ask, type Refused } from "../enrolment/server.ts";

export type Happening = "displayed" | "clicked" | "dismissed";

interface Receipt {
  site: string;
  type: Happening;
  receipt: string;
  at: string;
}

declare const self: ServiceWorkerGlobalScope & {
  registration: { sync?: { register(tag: string): Promise<void> } };
};

/** The name of our sync event. */
export const SYNC = "pushsaas";
const MOST_AT_ONCE = 50;
const MOST_KEPT = 500; // of a device that is offline for weeks

let sending: Promise<void> = Promise.resolve(); // one after another, or two would send the same

export async function keep(type: Happening, receipt: string | undefined): Promise<void> {
  if (!receipt) return;
  const at = new Date().toISOString(); // now, not when there is a connection
  const memory = await ownMemory();
  if (!memory) return;
  const kept: Receipt = { site: memory.site, type, receipt, at };
  const number = Number(await inStore("receipts", "readwrite", (store) => store.add(kept)));
  await inStore("receipts", "readwrite", (store) => store.delete(IDBKeyRange.upperBound(number - MOST_KEPT)));
}

export function tell(): Promise<void> {
  return send().catch(later);
}

/** Fails where the server does not take them: the browser repeats a sync event that failed, at its own pace. */
export function send(): Promise<void> {
  sending = sending.catch(() => {}).then(sendAll);
  return sending;
}

/** When the browser is back online, where it can tell; everywhere with the next push, click or visit. */
export async function later(): Promise<void> {
  await self.registration.sync?.register(SYNC).catch(() => {});
}

export async function ownMemory(): Promise<Memory | undefined> {
  const memories = await recallAll();
  return memories.find(({ scope }) => scope === self.registration.scope);
}

async function sendAll(): Promise<void> {
  const memory = await ownMemory();
  if (!memory) return;
  for (let batch = await oldest(memory.site); batch.length; batch = await oldest(memory.site)) {
    await deliver(
      memory,
      batch.map(([, { site, ...event }]) => event),
    );
    for (const [key] of batch) await inStore("receipts", "readwrite", (store) => store.delete(key));
  }
}

/** What the server will never take is done with as well. */
async function deliver({ site, base }: Memory, events: Omit<Receipt, "site">[]): Promise<void> {
  await ask({ site, base }, "POST", "events", { events }, { keepalive: true }).catch((error: Partial<Refused>) => {
    if (!error.isFinal) throw error;
  });
}

/** Read at once, with their numbers: the worker of another scope shares the store. */
async function oldest(site: string): Promise<[IDBValidKey, Receipt][]> {
  let keys: IDBRequest<IDBValidKey[]> | undefined;
  const kept = await inStore<Receipt[]>("receipts", "readonly", (store) => {
    keys = store.getAllKeys();
    return store.getAll();
  });
  const own = kept.map((one, place) => [keys?.result[place], one] as [IDBValidKey, Receipt]);
  return own.filter(([, one]) => one.site === site).slice(0, MOST_AT_ONCE);
}
