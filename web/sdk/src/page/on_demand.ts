// The prompt and its texts, fetched when somebody is about to be asked. `import()` takes the page's nonce along, and is
// none of the sinks that Trusted Types guard.

import type * as Prompt from "../prompt/main.ts";
import type { Texts } from "../texts/texts.ts";
import type { Tag } from "./tag.ts";

/** By the build: the names of the files that go with this one. */
declare const FILES: { prompt: string; texts: Record<string, string> };

export interface Words {
  prompt: typeof Prompt;
  texts: Texts;
}

export async function loaded(tag: Tag, own: Partial<Texts>): Promise<Words> {
  const fetched = (name: string) => import(new URL(name, tag.source).href);
  const ours = FILES.texts[tag.lang.slice(0, 2).toLowerCase()] ?? String(FILES.texts["en"]);
  const [prompt, { texts }] = await Promise.all([fetched(FILES.prompt), fetched(ours)]);
  return { prompt, texts: { ...texts, ...own } };
}
