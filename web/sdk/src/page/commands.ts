// What a page may say: pushsaas("<command>", …). Where there is no push, each does nothing.

import { consented, guided, type Wishes } from "./consent.ts";
import { type EventName, on } from "./events.ts";
import { isForHomeScreen, isSupported } from "./support.ts";
import type { Tag } from "./tag.ts";
import { join, quit, tell } from "./visit.ts";

type Facts = Record<string, string | number | boolean | null>;

let asking: Promise<void> | undefined; // one question at a time, however often a button is pressed

export const commandsOf = (tag: Tag) => ({
  subscribe: (wishes: Wishes = {}) => (asking ??= subscribe(tag, wishes).finally(() => (asking = undefined))),
  unsubscribe: unlessSilent(() => quit(tag)),
  status: async () => {},
  tag: unlessSilent((...names: string[]) =>
    tell(tag, ({ tags = [] }) => ({ tags: [...new Set([...tags, ...names])] })),
  ),
  untag: unlessSilent((...names: string[]) =>
    tell(tag, ({ tags = [] }) => ({ tags: tags.filter((one) => !names.includes(one)) })),
  ),
  set: unlessSilent((facts: Facts) => tell(tag, ({ attributes }) => ({ attributes: { ...attributes, ...facts } }))),
  /** Without an id: nobody is signed in any more. */
  identify: unlessSilent((external_id: string | null = null, external_id_signature?: string) =>
    tell(tag, () => ({ external_id, external_id_signature })),
  ),
  on: async (name: EventName, listener: (facts: object) => void) => on(name, listener),
});

async function subscribe(tag: Tag, wishes: Wishes): Promise<void> {
  if (isForHomeScreen) return guided(tag, wishes);
  if (!isSupported || Notification.permission === "denied") return;
  const consent = await consented(tag, wishes);
  if (consent) await join(tag, consent);
}

const unlessSilent =
  <W extends unknown[]>(command: (...words: W) => Promise<void>) =>
  async (...words: W): Promise<void> =>
    isSupported ? command(...words) : undefined;
