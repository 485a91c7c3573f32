// The one button: a form with a title and a body, sent to everyone on the demo site.

import { find, say, toast } from "/local/dom.js";
import { post } from "/local/feed.js";
import { openDialog, wireDialog } from "/local/panels/dialog.js";

const dialog = find("campaign");

export function show(state) {
  if (state.welcome) say(find("campaign-hint"), `To everyone on ${state.welcome.site_name}, now.`);
}

find("compose").addEventListener("click", () => openDialog(dialog));

wireDialog(dialog, async ({ title, body }) => {
  if (!title.trim()) throw new Error("A notification needs a title.");
  const { run } = await post("/local/campaigns", { title, body });
  dialog.close();
  toast(`On its way as ${run}`);
  document.dispatchEvent(new Event("asked"));
});
