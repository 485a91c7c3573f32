// Building and keeping the page: elements without markup in strings, and lists that change only where they changed.

export const find = (id) => document.getElementById(id);

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== undefined && child !== null));
  return node;
}

export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// A sentence with `commands` in it.
export function tell(node, text) {
  if (node.dataset.said === text) return;
  node.dataset.said = text;
  node.replaceChildren(...text.split("`").map((part, index) => (index % 2 ? el("code", {}, part) : part)));
}

// Brings a list's children in line with `items`, keeping the nodes whose key stays: no flicker, no lost focus.
export function keep(list, items, { key, make, update = () => {} }) {
  const standing = new Map([...list.children].map((node) => [node.dataset.key, node]));
  let place = list.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let node = standing.get(name);
    if (node) standing.delete(name);
    else {
      node = make(item);
      node.dataset.key = name;
    }
    update(node, item);
    if (node === place) place = place.nextElementSibling;
    else list.insertBefore(node, place);
  }
  for (const node of standing.values()) node.remove();
}

export function empty(id, isEmpty) {
  find(`${id}-empty`).hidden = !isEmpty;
}

export function copyButton(text, { label = "Copy", what = "" } = {}) {
  const button = el("button", { type: "button", class: "copy", "aria-label": what ? `${label} ${what}` : null }, label);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select it";
    }
    setTimeout(() => (button.textContent = label), 1600);
  });
  return button;
}

let toastEnds = 0;

export function toast(text) {
  const node = find("toast");
  tell(node, text);
  node.hidden = false;
  clearTimeout(toastEnds);
  toastEnds = setTimeout(() => (node.hidden = true), 4000);
}

const NUMBER = new Intl.NumberFormat("en");
const TIME = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: "UTC" });
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

export const number = (value) => NUMBER.format(value);
export const time = (at) => TIME.format(new Date(at));
export const moment = (at, now) => (day(at) === day(now) ? time(at) : `${DATE.format(new Date(at))}, ${time(at)}`);
export const day = (at) => DAY.format(new Date(at));

// "4 s", "3 min", "2 h 5 min", "1 day 4 h": the two largest parts, the way one says it.
export function span(seconds) {
  const parts = [["day", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const said = [];
  let left = Math.round(seconds);
  for (const [unit, size] of parts) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count) said.push(`${count}\u00a0${unit === "day" && count > 1 ? "days" : unit}`);
    if (said.length === 2 || (said.length && unit === "min")) break;
  }
  return said.join(" ") || "0 s";
}
