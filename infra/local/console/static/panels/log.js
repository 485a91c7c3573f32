// The log's tail: follows the end unless somebody has scrolled up to read.

import { el, empty, find, keep, time } from "/local/dom.js";

const MOST = 400;
const NEAR_PX = 24;
const list = find("log");
const quiet = find("log-quiet");
let lines = [];

export function show(state) {
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_PX;
  lines = [...(state.fresh ? [] : lines), ...state.log].slice(-MOST);
  draw();
  if (isAtEnd) list.scrollTop = list.scrollHeight;
}

function draw() {
  const shown = quiet.checked ? lines.filter((line) => !["INFO", "DEBUG"].includes(line.level)) : lines;
  empty("log", !shown.length);
  list.hidden = !shown.length;
  keep(list, shown, { key: (line) => line.number, make });
}

function make(line) {
  const facts = Object.entries(line.facts).flatMap(([name, value]) => [" ", el("span", { class: "fact" }, `${name}=`, el("b", {}, String(value)))]);
  return el(
    "li",
    { dataset: { level: line.level } },
    el("time", { datetime: line.at }, time(line.at)),
    el("span", { class: "level" }, line.level.toLowerCase()),
    el("span", { class: "text" }, el("span", { class: "source" }, line.source), ` ${line.text}`, ...facts, line.trace ? el("details", {}, el("summary", {}, "trace"), el("pre", {}, line.trace)) : null),
  );
}

quiet.addEventListener("change", () => {
  draw();
  list.scrollTop = list.scrollHeight;
});
