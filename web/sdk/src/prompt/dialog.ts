// A dialog in a shadow root, so that neither style reaches into the other. The platform's own `<dialog>` brings what is
// easily got wrong by hand: the role, the focus and its return, Escape, and a place above everything of the page. It
// stands beside the body, which apps exchange as a whole.

import sheetText from "./prompt.css";

const CALM_MS = 1_000; // of two clicks that brought it up, the second is none beside it

/** `none`: the page took the dialog away. */
export type Choice = "allow" | "later" | "none";

export function open(lang: string, content: (close: (choice: Choice) => void) => Node[]): Promise<Choice> {
  return new Promise((done) => {
    const host = document.createElement("pushsaas-prompt");
    const labels = { "aria-labelledby": "title", "aria-describedby": "body" };
    const dialog = element("dialog", { lang, tabindex: "-1", part: "dialog", ...labels });
    const shownAt = performance.now();
    let choice: Choice = "later"; // also by Escape
    const close = (made: Choice) => {
      choice = made;
      dialog.close();
    };
    const removal = new MutationObserver(() => host.isConnected || end("none"));
    const end = (made: Choice) => {
      removal.disconnect();
      host.remove();
      done(made);
    };
    dialog.addEventListener("close", () => end(choice));
    dialog.append(element("section", {}, ...content(close)));
    const isBeside = ({ target, timeStamp }: Event) => target === dialog && timeStamp > shownAt + CALM_MS;
    dialog.addEventListener("click", (event) => isBeside(event) && close("later"));
    const root = host.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet()];
    root.append(dialog);
    document.documentElement.append(host);
    removal.observe(document, { childList: true, subtree: true });
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
