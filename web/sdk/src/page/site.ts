// What the product says of the site, kept for a day: the key to subscribe under, and when a visitor may be asked again.

import { type Memory, recall, remember } from "../enrolment/memory.ts";
import { ask } from "../enrolment/server.ts";
import type { Tag } from "./tag.ts";

export const DAY_MS = 86_400_000;
const RETRY_MS = 3_600_000; // a server that is down must not be asked on every page

export const isFresh = (memory: Memory): boolean => Date.now() - memory.checkedAt < DAY_MS;

/** To be called in turn. Fails where nothing is known yet and the product does not answer. */
export async function known(tag: Tag): Promise<Memory> {
  const before = await recall(tag.site);
  if (before && isFresh(before)) return follow(before, tag);
  try {
    return await remember(await asked(tag, before));
  } catch (error) {
    if (!before) throw error;
    return remember({ ...follow(before, tag), checkedAt: Date.now() - DAY_MS + RETRY_MS });
  }
}

async function asked(tag: Tag, before: Memory | undefined): Promise<Memory> {
  const { vapid_public_key: key, prompt } = await ask(tag, "GET", "config");
  return {
    wanted: {},
    told: {},
    ...before,
    site: tag.site,
    base: tag.base,
    scope: tag.scope,
    key: String(key),
    askAgainAfterDays: (prompt as { ask_again_after_days: number }).ask_again_after_days,
    checkedAt: Date.now(),
  };
}

/** The tag may have moved since. */
const follow = (memory: Memory, { base, scope }: Tag): Memory => ({ ...memory, base, scope });
