// Asks the visitor, with manners: only after they did something, not again for a while after a no, never after a block.

import { type Consent, inTurn, type Memory, remember } from "../enrolment/memory.ts";
import type { Texts } from "../texts/texts.ts";
import { emit, Misuse } from "./events.ts";
import { loaded, type Words } from "./on_demand.ts";
import { DAY_MS, known } from "./site.ts";
import { isTouched } from "./support.ts";
import type { Tag } from "./tag.ts";

export interface Wishes {
  /** False: the page has asked in words of its own, and the browser's question follows at once. */
  prompt?: boolean;
  /** In place of ours, one by one. */
  texts?: Partial<Texts>;
}

/** Undefined is a no, now or lately. */
export async function consented(tag: Tag, wishes: Wishes): Promise<Consent | undefined> {
  forbidOnLoad();
  // The browser is asked before anything is awaited: later, the click that brought us here no longer counts as one.
  const asked = wishes.prompt === false ? Notification.requestPermission().then(() => ({})) : softly(tag, wishes);
  const consent = await asked;
  if (!consent || Notification.permission === "granted") return consent;
  if (Notification.permission === "denied") emit("blocked");
  else await decline(tag);
  return undefined;
}

/** Where there is push only on the home screen, the way there. Shown as seldom as the question. */
export async function guided(tag: Tag, { texts }: Wishes): Promise<void> {
  forbidOnLoad();
  if (isDeclined(await inTurn(() => known(tag)))) return;
  const words = await found(tag, texts);
  await words.prompt.guide(words.texts);
  await decline(tag);
}

export const isDeclined = ({ declinedAt = 0, askAgainAfterDays }: Memory): boolean =>
  Date.now() - declinedAt < askAgainAfterDays * DAY_MS;

async function softly(tag: Tag, { texts }: Wishes): Promise<Consent | undefined> {
  const memory = await inTurn(() => known(tag));
  if (memory.isJoined) return {};
  if (isDeclined(memory)) return undefined;
  const words = await found(tag, texts);
  if (await words.prompt.ask(words.texts)) return { text: `${words.texts.title}\n${words.texts.body}` };
  await decline(tag);
  return undefined;
}

async function found(tag: Tag, own: Partial<Texts> = {}): Promise<Words> {
  const words = await loaded(tag, own);
  emit("prompted");
  return words;
}

function forbidOnLoad(): void {
  if (!isTouched()) throw new Misuse("too_early", "Ask after something that the visitor did, never on load.");
}

async function decline(tag: Tag): Promise<void> {
  await inTurn(async () => remember({ ...(await known(tag)), declinedAt: Date.now() }));
  emit("declined");
}
