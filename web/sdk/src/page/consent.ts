// Asks the visitor, with manners: only after they did something, not again for a while after a no, never after a block.

import { type Consent, inTurn, type Memory, remember } from "../enrolment/memory.ts";
import type { Texts } from "../texts/texts.ts";
import { emit, misuse } from "./events.ts";
import { loaded, type Words } from "./on_demand.ts";
import { current, DAY_MS } from "./site.ts";
import { isAllowed, isPressing, isTouched } from "./support.ts";
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
  const isClick = isPressing();
  // The browser is asked before anything is awaited: later, the click that brought us here no longer counts as one.
  const asked = wishes.prompt === false ? Notification.requestPermission().then(() => ({})) : softly(tag, wishes);
  const consent = await asked;
  if (!consent || isAllowed()) return consent;
  if (Notification.permission === "denied") emit("blocked");
  else if (wishes.prompt === false && !isClick) throw tooEarly();
  else await decline(tag);
  return undefined;
}

/** Where there is push only on the home screen, the way there. Shown as seldom as the question. */
export async function guided(tag: Tag, { texts }: Wishes): Promise<void> {
  forbidOnLoad();
  if (isDeclined(await inTurn(() => current(tag)))) return;
  const words = await found(tag, texts);
  if ((await words.prompt.guide(words.texts)) === "later") await decline(tag);
}

export const isDeclined = ({ declinedAt = 0, askAgainAfterDays }: Memory): boolean =>
  Math.abs(Date.now() - declinedAt) < askAgainAfterDays * DAY_MS;

async function softly(tag: Tag, { texts }: Wishes): Promise<Consent | undefined> {
  const memory = await inTurn(() => current(tag));
  if (memory.isJoined && isAllowed()) return {};
  if (isDeclined(memory)) return undefined;
  const words = await found(tag, texts);
  const choice = await words.prompt.ask(words.texts);
  if (choice === "allow") return { text: `${words.texts.title}\n${words.texts.body}` };
  if (choice === "later") await decline(tag);
  return undefined;
}

async function found(tag: Tag, own: Partial<Texts> = {}): Promise<Words> {
  const words = await loaded(tag, own);
  emit("prompted");
  return words;
}

function forbidOnLoad(): void {
  if (!isTouched()) throw tooEarly();
}

const tooEarly = () => misuse("too_early", "Ask inside a click.");

async function decline(tag: Tag): Promise<void> {
  await inTurn(async () => remember({ ...(await current(tag)), declinedAt: Date.now() }));
  emit("declined");
}
