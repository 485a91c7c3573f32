// What the product says of the site, kept for a day: the key to subscribe under, and when a visitor may be asked again.

import { type Memory, recall, remember } from "../enrolment/memory.ts";
import { ask } from "../enrolment/server.ts";
import type { Tag } from "./tag.ts";

export const DAY_MS = 86_400_000;
/** By the build: the product's. */
declare const VERSION: string;

const RETRY_MS = 3_600_000; // a server that is down must not be asked on every page

/** Nor is what a clock that was ahead calls tomorrow's. */
export const isFresh = (memory: Memory): boolean => Math.abs(Date.now() - memory.checkedAt) < DAY_MS;

/** What is remembered of the site, asked for again and written down where that is old. To be called in turn. Fails where nothing is known yet and the product does not answer. */
export async function current(tag: Tag): Promise<Memory> {
  const before = await recall(tag.site);
  if (before && isFresh(before)) return before;
  try {
    return await remember(await asked(tag, before));
  } catch (error) {
    if (!before) throw error;
    return remember({ ...before, checkedAt: Date.now() - DAY_MS + RETRY_MS });
  }
}

async function asked(tag: Tag, before: Memory | undefined): Promise<Memory> {
  const { vapid_public_key: key, prompt } = await ask(tag, "GET", `config?sdk=${VERSION}`);
  return {
    ...before,
    site: tag.site,
    base: tag.base,
    key: String(key),
    askAgainAfterDays: (prompt as { ask_again_after_days: number }).ask_again_after_days,
    checkedAt: Date.now(),
  };
}
