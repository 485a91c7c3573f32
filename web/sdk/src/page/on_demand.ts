// The prompt and its texts, fetched when somebody is about to be asked. `import()` takes the page's nonce along, and is
// none of the sinks that Trusted Types guard.

import type * as Prompt from "../prompt/main.ts";
import type { Texts } from "../texts/texts.ts";
import type { Tag } from "./tag.ts";

/** By the build: of the prompt, and of each language's texts, as they go with this file. */
declare const HASHES: Record<string, string>;

export interface Words {
  prompt: typeof Prompt;
  texts: Texts;
}

export async function loaded(tag: Tag, own: Partial<Texts>): Promise<Words> {
  const fetched = (name: string, hash?: string) => import(new URL(`${name}.${hash}.js`, tag.source).href);
  const [language = ""] = /^[a-z]{2}(?![a-z])/.exec(tag.lang.toLowerCase()) ?? []; // three letters are another one
  const ours = language in HASHES ? language : "en";
  const [prompt, { texts }] = await Promise.all([
    fetched("prompt", HASHES["prompt"]),
    fetched(`texts-${ours}`, HASHES[ours]),
  ]);
  const said = Object.entries({ ...own }).filter(([, text]) => text !== undefined && text !== null);
  return { prompt, texts: { ...texts, ...Object.fromEntries(said) } };
}
