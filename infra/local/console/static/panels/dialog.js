// A dialog with one form: closes on cancel, shows what was wrong, and cannot be sent twice.

import { tell } from "/local/dom.js";

export function openDialog(dialog, { prepare = () => {} } = {}) {
  fault(dialog, "");
  prepare(dialog.querySelector("form"));
  dialog.showModal();
}

export function wireDialog(dialog, submit) {
  const form = dialog.querySelector("form");
  const button = form.querySelector("button[type=submit]");
  dialog.querySelector("button[value=cancel]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    fault(dialog, "");
    try {
      await submit(Object.fromEntries(new FormData(form)));
    } catch (error) {
      fault(dialog, error.message);
    } finally {
      button.disabled = false;
    }
  });
}

function fault(dialog, text) {
  const node = dialog.querySelector(".fault");
  tell(node, text);
  node.hidden = !text;
}
