// Queues and the handlers that empty them.

import { el, empty, find, keep, number, say, time } from "/local/dom.js";

const COUNTS = ["waiting", "in_flight", "delayed", "dead"];

export function show(state) {
  table("queues", state.queues, { key: (queue) => queue.name, make: queueRow, update: queueNow });
  table("handlers", state.handlers, { key: (handler) => handler.name, make: handlerRow, update: handlerNow });
}

function table(id, rows, recipe) {
  empty(id, !rows.length);
  find(`${id}-table`).hidden = !rows.length;
  keep(find(id), rows, recipe);
}

function queueRow(queue) {
  return el("tr", {}, el("th", { scope: "row" }, queue.name), ...COUNTS.map((name) => el("td", { class: name })));
}

function queueNow(row, queue) {
  for (const name of COUNTS) count(row.querySelector(`.${name}`), queue[name]);
}

function handlerRow(handler) {
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, el("i", { class: "pulse" }), el("span", { class: "two" }, handler.name, el("small", {}, handler.trigger))),
    el("td", { class: "invocations" }),
    el("td", { class: "failures" }),
    el("td", { class: "last" }, el("span", { class: "two" }, el("span"), el("small"))),
  );
}

function handlerNow(row, handler) {
  row.querySelector(".pulse").classList.toggle("on", handler.running > 0);
  count(row.querySelector(".invocations"), handler.invocations);
  count(row.querySelector(".failures"), handler.failures);
  row.querySelector(".failures").title = handler.last_error;
  say(row.querySelector(".last .two > span"), handler.last_at ? time(handler.last_at) : "never");
  say(row.querySelector(".last small"), handler.last_ms === null ? "" : lasted(handler.last_ms));
}

function count(cell, value) {
  say(cell, number(value));
  cell.classList.toggle("none", !value);
}

const lasted = (ms) => (ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`);
