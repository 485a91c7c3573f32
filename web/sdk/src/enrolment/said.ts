// What a page said of its visitor, as the server is told it: of tags only what changes, so that what others said stays.

import type { Memory, Profile } from "./memory.ts";

type Said = Record<string, unknown>;

/** Before the server knows this browser, or knows it under another endpoint, whose tags it takes over. */
export function all(memory: Memory, wanted: Profile): Said {
  const { tags } = wanted;
  const changes = tags && { tags: { add: tags, remove: without(tags, memory.told.tags) } };
  return dated(memory, { ...wanted, ...changes });
}

export function news({ told, ...memory }: Memory, wanted: Profile): Said {
  const isNews = (name: keyof Profile) => JSON.stringify(wanted[name]) !== JSON.stringify(told[name]);
  const names = (Object.keys(wanted) as (keyof Profile)[]).filter(isNews);
  const said: Said = Object.fromEntries(names.map((name) => [name, wanted[name]]));
  if (said["tags"]) said["tags"] = { add: without(told.tags, wanted.tags), remove: without(wanted.tags, told.tags) };
  return names.length ? dated(memory, said) : said;
}

const dated = ({ saidAt }: Pick<Memory, "saidAt">, said: Said): Said =>
  saidAt ? { ...said, said_at: new Date(saidAt).toISOString() } : said;

const without = (known: string[] = [], names: string[] = []) => names.filter((one) => !known.includes(one));
