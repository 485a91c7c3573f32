// Runs: how far each is, and the sum that always holds.

import { el, empty, find, keep, moment, number, say, span } from "/local/dom.js";
import { now } from "/local/panels/clock.js";

const OUTCOMES = ["accepted", "gone", "failed", "skipped", "expired", "pending"];

export function show(state) {
  empty("runs", !state.runs.length);
  say(find("runs-hint"), state.runs.length ? "newest first" : "");
  keep(find("runs"), state.runs, { key: (run) => run.id, make, update });
}

function make(run) {
  return el(
    "li",
    { class: "run" },
    el(
      "header",
      {},
      el("h3", {}, run.title),
      run.mode === "test" ? el("span", { class: "chip" }, "test mode") : null,
      run.source === "campaign" ? null : el("span", { class: "chip" }, run.source),
      el("span", { class: "chip state" }),
    ),
    el("p", { class: "meta" }, el("code", {}, run.id), el("span", { class: "when" })),
    el("div", { class: "bar", role: "img" }, ...OUTCOMES.map((name) => el("i", { class: name }))),
    el(
      "p",
      { class: "sum" },
      ...OUTCOMES.map((name) => el("span", { class: `term ${name}` }, el("b"), el("small", {}, name))),
      el("span", { class: "term audience" }, el("b"), el("small")),
      el("span", { class: "verdict" }),
    ),
    el("p", { class: "reasons" }),
  );
}

function update(node, run) {
  const chip = node.querySelector(".state");
  say(chip, run.state);
  chip.dataset.state = run.state;
  say(node.querySelector(".when"), when(run));
  const whole = Math.max(run.audience, 1);
  for (const name of OUTCOMES) {
    node.querySelector(`.bar .${name}`).style.flexGrow = run[name] / whole;
    const term = node.querySelector(`.term.${name}`);
    term.classList.toggle("none", !run[name]);
    say(term.querySelector("b"), number(run[name]));
  }
  node.querySelector(".bar").setAttribute("aria-label", `${number(run.audience - run.pending)} of ${number(run.audience)} settled`);
  const total = OUTCOMES.reduce((sum, name) => sum + run[name], 0);
  const audience = node.querySelector(".term.audience");
  say(audience.querySelector("b"), `${run.audience_estimated ? "≈ " : ""}${number(run.audience)}`);
  say(audience.querySelector("small"), run.audience_estimated ? "estimated" : "audience");
  const verdict = node.querySelector(".verdict");
  verdict.dataset.holds = total === run.audience;
  verdict.title = total === run.audience ? "The sum holds" : "The sum does not hold";
  say(verdict, total === run.audience ? "✓" : `≠ ${number(total)}`);
  const reasons = Object.entries(run.reasons).map(([name, count]) => `${number(count)} × ${name.replace(":", ": ")}`);
  say(node.querySelector(".reasons"), reasons.join(" · "));
}

function when(run) {
  const began = Date.parse(run.created_at);
  const start = moment(began, now());
  if (run.finished_at) return `${start}, took ${span(Math.max(1, (Date.parse(run.finished_at) - began) / 1000))}`;
  return `${start}, for ${span(Math.max(0, now() - began) / 1000)} now`;
}
