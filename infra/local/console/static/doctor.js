// The doctor: looks a site over, as `GET /v1/sites/{site_id}/check` does, and says what to do.

import { copyButton, el, find, keep, moment, say, tell } from "/local/dom.js";
import { ask, Refused } from "/local/feed.js";

const PATIENCE_MS = 30_000; // the site's own server is asked, more than once
const WORTH_COPYING = 40; // characters
const TITLES = {
  https: "Secure address",
  page_reachable: "The page",
  origin_listed: "Origin",
  script_tag: "Script tag",
  csp: "Content-Security-Policy",
  worker: "Worker file",
  sdk_seen: "SDK seen",
  last_refusal: "Last refusal",
  vapid_subject: "Contact for push services",
  key_match: "Key",
  payload: "Size of messages",
  push_services: "Push services",
};
const WORDS = { ok: "fine", warning: "warning", problem: "problem", unknown: "not known" };
const ORDER = ["problem", "warning", "unknown", "ok"];

const choice = find("site");
const again = find("again");
let sites = new Map();
let asked = 0; // an answer to an earlier question is none

const chosen = () => sites.get(choice.value);

async function begin() {
  const number = ++asked;
  const { data } = await trying(ask("/local/sites"));
  if (number !== asked) return;
  sites = new Map(data.map((site) => [site.id, site]));
  find("sites-empty").hidden = data.length > 0;
  choice.disabled = data.length === 0;
  choice.replaceChildren(...options(data));
  if (!data.length) return;
  const wanted = new URLSearchParams(location.search).get("site");
  if (sites.has(wanted)) choice.value = wanted;
  await look();
}

function options(data) {
  if (!data.length) return [el("option", {}, "no site yet")];
  const tenants = new Map();
  for (const site of data) tenants.set(site.tenant_id, [...(tenants.get(site.tenant_id) ?? []), site]);
  return [...tenants.values()].map((own) =>
    el("optgroup", { label: own[0].tenant || own[0].tenant_id }, ...own.map(({ id, name }) => el("option", { value: id }, name))),
  );
}

async function look() {
  const site = chosen();
  const number = ++asked;
  tell(find("about"), `\`${site.url}\` is asked for its page and its worker file…`);
  again.disabled = true;
  document.body.classList.add("looking");
  try {
    const found = await trying(ask(`/local/check?tenant=${site.tenant_id}&site=${site.id}`, { patienceMs: PATIENCE_MS }));
    if (number === asked) show(site, found);
  } finally {
    if (number === asked) rest(site);
  }
}

function rest(site) {
  again.disabled = false;
  document.body.classList.remove("looking");
  tell(find("about"), `\`${site.url}\``);
}

function show(site, { ok, checked_at: at, findings }) {
  const counts = new Map(ORDER.map((status) => [status, findings.filter((one) => one.status === status).length]));
  find("result").hidden = false;
  find("verdict").dataset.status = ok ? (counts.get("warning") ? "warning" : "ok") : "problem";
  say(find("verdict-text"), verdict(counts));
  say(find("verdict-when"), `${moment(at, at)} UTC by the local clock`);
  const sorted = [...findings].sort((one, other) => ORDER.indexOf(one.status) - ORDER.indexOf(other.status));
  keep(find("findings"), sorted, { key: (one) => `${site.id} ${one.id}`, make: () => el("li", { class: "finding panel" }), update: (node, one) => draw(node, one, at) });
  tell(find("foot"), `The same for programs: \`GET /v1/sites/${site.id}/check\``);
}

function verdict(counts) {
  const said = ["problem", "warning"].filter((status) => counts.get(status)).map((status) => plural(counts.get(status), status));
  return said.length ? `${said.join(" and ")} to look at` : "Everything that could be looked at is fine";
}

const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

function draw(node, one, now) {
  const known = JSON.stringify(one);
  if (node.dataset.known === known) return;
  Object.assign(node.dataset, { known, status: one.status });
  const detail = el("p", { class: "detail" });
  tell(detail, one.detail);
  const fix = one.fix ? advice(one.fix) : undefined;
  const seen = one.seen_at ? el("span", { class: "hint" }, `${moment(one.seen_at, now)} UTC`) : undefined;
  node.replaceChildren(
    el("header", {}, el("span", { class: "mark", "aria-hidden": "true" }), el("h2", {}, TITLES[one.id] ?? one.id), el("span", { class: "chip" }, WORDS[one.status] ?? one.status), seen),
    detail,
    ...(fix ? [el("p", { class: "todo" }, "What to do"), fix] : []),
  );
}

// What it ends with may be long enough to be pasted.
function advice(text) {
  const node = el("p", { class: "fix" });
  tell(node, text);
  const last = node.querySelector("code:last-of-type")?.textContent ?? "";
  if (last.length >= WORTH_COPYING && text.endsWith(`${last}\``)) node.append(copyButton(last, { what: last }));
  return node;
}

async function trying(promise) {
  try {
    const answer = await promise;
    find("alarm").hidden = true;
    return answer;
  } catch (error) {
    find("alarm").hidden = false;
    tell(find("alarm"), error instanceof Refused ? `The local product answers with an error: ${error.message}` : error.message);
    throw error;
  }
}

const quietly = (work) => work().catch(() => undefined); // the alarm has said it

choice.addEventListener("change", () => {
  find("result").hidden = true;
  history.replaceState(null, "", `?site=${choice.value}`);
  quietly(look);
});
again.addEventListener("click", () => quietly(sites.size ? look : begin));
quietly(begin);
