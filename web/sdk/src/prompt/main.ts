// The soft prompt and the way to the home screen, as the page's script calls them.

import type { Texts } from "../texts/texts.ts";
import { bell } from "./bell.ts";
import { button, type Choice, element, open } from "./dialog.ts";

/** After a yes the browser has asked in its own words too, inside the same click. A yes stands, whatever else is pressed
 * while the browser asks. */
export async function ask(texts: Texts): Promise<Choice> {
  let asked: Promise<unknown> | undefined;
  const allow = (close: (choice: Choice) => void) => {
    asked = Notification.requestPermission().finally(() => close("allow"));
  };
  const choice = await open(texts.lang, (close) => [
    bell(),
    heading(texts.title),
    element("p", { id: "body", dir: "auto", part: "body" }, texts.body),
    element(
      "footer",
      {},
      button(texts.later, "later", () => close("later")),
      button(texts.allow, "allow", () => allow(close)),
    ),
  ]);
  await asked;
  return asked ? "allow" : choice;
}

export function guide(texts: Texts): Promise<Choice> {
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
