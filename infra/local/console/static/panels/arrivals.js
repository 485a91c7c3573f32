// Notifications as browsers would show them: one card for each message, under it who received it last.

import { el, empty, find, keep, number, say, time } from "/local/dom.js";

const MOST_GROUPS = 6;
const MOST_RECEIVERS = 5;
const groups = new Map(); // by run, newest last
const opened = new Set(); // numbers of arrivals whose envelope somebody reads: they stay, whatever arrives

export function show(state) {
  if (state.fresh) {
    groups.clear();
    opened.clear();
  }
  for (const arrival of state.arrivals) add(arrival);
  for (const name of [...groups.keys()].slice(0, -MOST_GROUPS)) groups.delete(name);
  empty("arrivals", !groups.size);
  const accepted = Object.entries(state.push.by_status).filter(([status]) => status.startsWith("2"));
  const taken = accepted.reduce((sum, [, count]) => sum + count, 0);
  say(find("arrivals-hint"), taken ? `${number(taken)} since the start` : "");
  keep(find("arrivals"), [...groups.values()].reverse(), { key: (group) => group.name, make: card, update: receivers });
}

function add(arrival) {
  const name = arrival.run_id ?? `alone-${arrival.number}`;
  const group = groups.get(name) ?? { name, arrivals: [] };
  groups.delete(name);
  groups.set(name, group);
  group.arrivals = [arrival, ...group.arrivals].filter((one, place) => place < MOST_RECEIVERS || opened.has(one.number));
}

function card({ arrivals: [arrival] }) {
  const shown = arrival.payload?.notification ?? {};
  const title = arrival.error ? "A message that could not be read" : (shown.title ?? "A push without a notification");
  return el(
    "li",
    { class: arrival.error ? "group broken" : "group" },
    el(
      "article",
      { class: "notification" },
      el("img", { src: "/local/icons/bell.svg", alt: "", width: "36", height: "36" }),
      el("div", {}, el("h3", {}, title), el("p", {}, arrival.error ?? shown.body ?? ""), el("p", { class: "from" }, site(arrival.payload?.page ?? shown.navigate))),
    ),
    el("ol", { class: "receivers" }),
  );
}

function receivers(node, group) {
  keep(node.querySelector(".receivers"), group.arrivals, { key: (arrival) => arrival.number, make: receiver });
}

function receiver(arrival) {
  const envelope = el("pre", { hidden: true, tabindex: "0" }, el("code", {}, spelled(arrival)));
  const button = el("button", { type: "button", class: "link", "aria-expanded": "false" }, "show envelope");
  button.addEventListener("click", () => {
    envelope.hidden = !envelope.hidden;
    if (envelope.hidden) opened.delete(arrival.number);
    else opened.add(arrival.number);
    button.setAttribute("aria-expanded", String(!envelope.hidden));
    button.textContent = envelope.hidden ? "show envelope" : "hide envelope";
  });
  return el(
    "li",
    {},
    el("code", { title: arrival.subscription_id ?? "" }, arrival.subscription_id ?? "somebody else's"),
    el("time", { datetime: arrival.at }, time(arrival.at)),
    button,
    envelope,
  );
}

function spelled({ payload, error }) {
  if (error) return error;
  return typeof payload === "string" ? payload : JSON.stringify(payload, null, 2);
}

function site(navigate) {
  try {
    return new URL(navigate).host;
  } catch {
    return "no target";
  }
}
