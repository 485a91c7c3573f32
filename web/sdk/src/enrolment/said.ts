// What a page said of its visitor, as the server is told it: only what changes, so that what others said stays.

import type { Memory, Words } from "./memory.ts";

/** As the product's routes have it. */
export function spelled(words: Words, { saidAt }: Memory): Words {
  const tags = { add: [] as unknown[], remove: [] as unknown[] };
  const attributes: Words = Object.create(null); // a fact may be called `__proto__`
  const said: Words = { said_at: saidAt && told(saidAt), tags, attributes };
  for (const [word, value] of Object.entries(words)) {
    const [kind, name = ""] = word.split(/\/(.*)/s);
    if (kind === "tags") (value ? tags.add : tags.remove).push(value ?? name);
    else if (kind === "attributes") attributes[name] = value;
    else said[word] = value;
  }
  return said;
}

export const told = (saidAt: number): string => new Date(saidAt).toISOString();

export const whereabouts = (): Words => ({
  timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  language: navigator.language,
});
