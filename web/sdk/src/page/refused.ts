// A wrong word of a page costs nothing but itself and its kind: all else is said again without it.

import type { Words } from "../enrolment/memory.ts";
import type { Refused } from "../enrolment/server.ts";

export const chosen = (words: Words, isChosen: (word: string) => boolean): Words =>
  Object.fromEntries(Object.entries(words).filter(([word]) => isChosen(word)));

/** What was refused is thrown when all else is said. */
export async function withoutRefused<T>(words: Words, say: (words: Words) => Promise<T>): Promise<T> {
  try {
    return await say(words);
  } catch (error) {
    const kind = refused(error);
    const rest = chosen(words, (word) => !word.startsWith(kind));
    if (Object.keys(rest).length < Object.keys(words).length) await withoutRefused(rest, say);
    throw error;
  }
}

/** The first member of what was said that the product found wrong. */
export function refused(error: unknown): string {
  const { code, problem } = error as Partial<Refused>;
  const [first] = (problem?.["errors"] ?? []) as { pointer: string }[];
  const place = code === "external_id_unproven" ? "/external_id" : first?.pointer;
  return String(place?.split(/\/|_sig/)[1]); // an id goes with its signature
}
