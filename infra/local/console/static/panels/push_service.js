// The push service stand-in: what it answered, and how it is made to misbehave.

import { el, find, keep, number, say, span, toast } from "/local/dom.js";
import { post } from "/local/feed.js";
import { now } from "/local/panels/clock.js";

const KINDS = { 2: "good", 4: "bad", 5: "bad" };

export function show(state) {
  if (state.fresh) find("presets").replaceChildren(...state.presets.map(preset));
  const { mood, push } = state;
  find("mood").dataset.bad = push.rules > 0;
  find("behave").hidden = !push.rules;
  say(find("mood-text"), push.rules ? misbehaving(mood, push.rules) : "Behaves as push services should");
  say(find("push-hint"), push.answers_lost ? `${number(push.answers_lost)} answers lost` : "");
  for (const button of find("presets").children) {
    button.setAttribute("aria-pressed", String(push.rules > 0 && button.dataset.label === mood.label));
  }
  keep(find("statuses"), Object.entries(push.by_status), {
    key: ([status]) => status,
    make: ([status]) => el("li", { dataset: { kind: KINDS[status[0]] ?? "none" } }, el("b", {}, status === "none" ? "no answer" : status), el("span")),
    update: (node, [, count]) => say(node.querySelector("span"), `× ${number(count)}`),
  });
}

function misbehaving(mood, rules) {
  const label = mood.label || `Misbehaves by ${number(rules)} ${rules === 1 ? "rule" : "rules"}`;
  if (!mood.until) return label;
  return `${label}, for another ${span(Math.max(1, (Date.parse(mood.until) - now()) / 1000))}`;
}

function preset({ label, says, rules, for_seconds }) {
  return el(
    "button",
    { type: "button", dataset: { label }, onclick: () => set({ rules, label, for_seconds }) },
    el("b", {}, label),
    el("small", {}, says),
  );
}

async function set(body) {
  try {
    await post("/local/push-service/rules", body);
    document.dispatchEvent(new Event("asked"));
  } catch (error) {
    toast(`It goes on as before: ${error.message}`);
  }
}

find("behave").addEventListener("click", () => set({ rules: [] }));
