// What a page may say: pushsaas("<command>", …). Where there is no push, each does nothing.

import type { Words } from "../enrolment/memory.ts";
import { consented, guided, type Wishes } from "./consent.ts";
import { type EventName, on } from "./events.ts";
import { isSilent } from "./status.ts";
import { isForHomeScreen, isSupported } from "./support.ts";
import type { Tag } from "./tag.ts";
import { join, quit, tell } from "./visit.ts";

type Facts = Record<string, string | number | boolean | null>;

let asking: Promise<void> | undefined; // one question at a time, however often a button is pressed

export const commandsOf = (tag: Tag) => {
  /** What cannot be sent is not kept either, or it would stand in the way of all that is said after it. */
  const say = async (said: Words) => isSupported && tell(tag, JSON.parse(JSON.stringify(said)));
  const tags =
    (isOne: boolean) =>
    async (...names: string[]) =>
      say(Object.fromEntries(names.map((name) => [`tags/${name}`, isOne ? name : null])));
  return {
    subscribe: (wishes?: Wishes | null) =>
      (asking ??= subscribe(tag, { ...wishes }).finally(() => (asking = undefined))),
    unsubscribe: async () => isSupported && quit(tag),
    status: async () => {},
    tag: tags(true),
    untag: tags(false),
    set: async (facts: Facts) =>
      say(Object.fromEntries(Object.entries({ ...facts }).map(([name, value]) => [`attributes/${name}`, value]))),
    /** Without an id: nobody is signed in any more. */
    identify: (external_id: string | null = null, external_id_signature?: string) =>
      say({ external_id, external_id_signature }),
    on: async (name: EventName, listener: (facts: object) => void) => on(name, listener),
  };
};

async function subscribe(tag: Tag, wishes: Wishes): Promise<void> {
  if (isForHomeScreen) return guided(tag, wishes);
  if (isSilent || Notification.permission === "denied") return;
  const consent = await consented(tag, wishes);
  if (consent) await join(tag, consent);
}
