// A dialog in a shadow root, so that neither style reaches into the other. The platform's own `<dialog>` brings what is
// easily got wrong by hand: the role, the focus and its return, Escape, and a place above everything of the page.

import sheetText from "./prompt.css";

export type Choice = "allow" | "later";

export function open(lang: string, content: (close: (choice: Choice) => void) => Node[]): Promise<Choice> {
  return new Promise((done) => {
    const host = document.createElement("pushsaas-prompt");
    const labels = { "aria-labelledby": "title", "aria-describedby": "body" };
    const dialog = element("dialog", { lang, tabindex: "-1", part: "dialog", ...labels });
    let choice: Choice = "later"; // also by Escape
    const close = (made: Choice) => {
      choice = made;
      dialog.close();
    };
    dialog.addEventListener("close", () => {
      host.remove();
      done(choice);
    });
    dialog.append(element("section", {}, ...content(close)));
    dialog.addEventListener("click", ({ target }) => target === dialog && close("later")); // beside it
    const root = host.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet()];
    root.append(dialog);
    document.body.append(host);
    dialog.showModal();
    dialog.focus(); // not a button: a key that is still held would press it
  });
}

export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Record<string, string>,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function button(text: string, part: Choice, press: () => void): HTMLElement {
  const made = element("button", { type: "button", part, dir: "auto" }, text);
  made.addEventListener("click", press);
  return made;
}

/** Constructed, because a policy without 'unsafe-inline' refuses every other style that is not a file. */
function sheet(): CSSStyleSheet {
  const made = new CSSStyleSheet();
  made.replaceSync(sheetText);
  return made;
}
