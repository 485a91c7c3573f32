// What this browser remembers of one site: a record in IndexedDB, where pages and the worker find the same.

/** What a page says of its visitor, word by word: `tags/news` (which is `news`), `attributes/plan`, `external_id`. Null
 * takes back. */
export type Words = Record<string, unknown>;

export interface Consent {
  text?: string | undefined;
  version?: string | undefined;
}

export interface Memory {
  /** The site key. */
  site: string;
  /** Where the product answers, without a slash at the end. */
  base: string;
  /** Of the worker's registration that it is subscribed with. */
  scope?: string;
  /** The VAPID key that the site subscribes under now, and when that was last asked. */
  key: string;
  checkedAt: number;
  askAgainAfterDays: number;
  /** What the server has taken of what was said, and what it has still to hear. */
  taken?: Words;
  pending?: Words;
  /** When the last of it was said: by this clock, and later with each word, so that the server can tell which came late. */
  saidAt?: number;
  /** The visitor said yes, whether or not the server has heard of it yet. */
  isJoined?: boolean;
  consent?: Consent | undefined;
  declinedAt?: number;
  /** As the server knows this browser; of one that is not joined any more, until the server has heard of it. */
  endpoint?: string | undefined;
  /** One that it will not have. */
  refused?: string;
  id?: string | undefined;
  token?: string | undefined;
}

type Store = "memory" | "receipts";

/** Opened for each use: a connection that is kept stands in the way of the next version, and dies in a frozen tab.
 * Only who writes makes the database: a visitor who never said yes keeps no trace of us. */
export async function inStore<T>(
  name: Store,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await open(mode);
  try {
    return await new Promise((done, fail) => {
      const transaction = database.transaction(name, mode);
      const asked = work(transaction.objectStore(name));
      transaction.oncomplete = () => done(asked.result);
      transaction.onabort = () => fail(transaction.error);
    });
  } finally {
    database.close();
  }
}

export async function recallAll(): Promise<Memory[]> {
  return inStore<Memory[]>("memory", "readonly", (store) => store.getAll()).catch((error: unknown) => {
    if ((error as Error).name === "AbortError") return []; // there is no database yet
    throw error;
  });
}

export async function recall(site: string): Promise<Memory | undefined> {
  return (await recallAll()).find((memory) => memory.site === site);
}

/** Only a no is written out of turn: it stays, and is told by the newest id. */
export async function remember(memory: Memory): Promise<Memory> {
  const { site, saidAt = 0, id, token } = memory;
  await inStore<Memory | undefined>("memory", "readwrite", (store) => {
    const asked = store.get(site);
    asked.onsuccess = () => {
      store.put(asked.result?.saidAt > saidAt ? { ...asked.result, id, token } : memory);
    };
    return asked;
  });
  return memory;
}

/** The moment of a new word. */
export const afterAll = ({ saidAt = 0 }: Memory): number => Math.max(Date.now(), saidAt + 1);

/** One change after another, in the order they were asked for, across all tabs and the worker. */
export const inTurn = <T>(work: () => Promise<T>): Promise<T> =>
  navigator.locks.request("pushsaas", work) as Promise<T>;

function open(mode: IDBTransactionMode): Promise<IDBDatabase> {
  return new Promise((done, fail) => {
    const asked = indexedDB.open("pushsaas", 1);
    asked.onupgradeneeded = () => {
      if (mode === "readonly") return asked.transaction?.abort();
      asked.result.createObjectStore("memory" satisfies Store, { keyPath: "site" });
      asked.result.createObjectStore("receipts" satisfies Store, { autoIncrement: true });
    };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
}
