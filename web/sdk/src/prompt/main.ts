// The soft prompt and the way to the home screen, as the page's script calls them.

import type { Texts } from "../texts/texts.ts";
import { bell } from "./bell.ts";
import { button, type Choice, element, open } from "./dialog.ts";

/** Whether the visitor said yes; then the browser has asked in its own words too, inside the same click. */
export async function ask(texts: Texts): Promise<boolean> {
  const choice = await open(texts.lang, (close) => [
    bell(),
    heading(texts.title),
    element("p", { id: "body", dir: "auto", part: "body" }, texts.body),
    element(
      "footer",
      {},
      button(texts.later, "later", () => close("later")),
      button(texts.allow, "allow", () => void Notification.requestPermission().finally(() => close("allow"))),
    ),
  ]);
  return choice === "allow";
}

export async function guide(texts: Texts): Promise<Choice> {
  return open(texts.lang, (close) => [
    bell(),
    heading(texts.guide_title),
    element("ol", { id: "body", part: "body" }, ...texts.guide_steps.map(item)),
    element(
      "footer",
      {},
      button(texts.guide_done, "allow", () => close("later")),
    ),
  ]);
}

const item = (step: string): HTMLElement => element("li", { dir: "auto" }, step);
const heading = (title: string): HTMLElement => element("h2", { id: "title", dir: "auto", part: "title" }, title);
