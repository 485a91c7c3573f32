// Mails the product has sent. None leaves this machine, so their links are opened here.

import { copyButton, el, empty, find, keep, number, say } from "/local/dom.js";
import { post } from "/local/feed.js";
import { openDialog, wireDialog } from "/local/panels/dialog.js";

const MOST = 50;
const dialog = find("confirm");
let mails = [];
let token = "";

export function show(state) {
  mails = [...state.mails.toReversed(), ...(state.fresh ? [] : mails)].slice(0, MOST);
  empty("outbox", !mails.length);
  say(find("outbox-hint"), mails.length ? `${number(mails[0].number)} sent, none left this machine` : "nothing leaves this machine");
  keep(find("outbox"), mails, { key: (mail) => mail.number, make });
}

function make(mail) {
  return el(
    "li",
    {},
    el(
      "details",
      { open: mail.number === mails[0].number },
      el("summary", {}, el("b", {}, mail.subject), el("span", {}, mail.to)),
      el("pre", { class: "letter" }, ...withLinks(mail)),
      ...mail.links.map(verification).filter(Boolean),
    ),
  );
}

// The text with its links made into links: split at each, longest first, so that none hides another.
function withLinks(mail) {
  let parts = [mail.text];
  for (const link of mail.links.toSorted((one, other) => other.length - one.length)) {
    parts = parts.flatMap((part) => (typeof part === "string" ? split(part, link) : [part]));
  }
  return parts;
}

function split(text, link) {
  return text.split(link).flatMap((piece, index) => (index ? [anchor(link), piece] : [piece]));
}

function anchor(link) {
  const found = tokenOf(link);
  const node = el("a", { href: link, rel: "noreferrer noopener", target: "_blank" }, link);
  if (found) node.addEventListener("click", (event) => (event.preventDefault(), confirm(found)));
  return node;
}

function verification(link) {
  const found = tokenOf(link);
  if (!found) return null;
  const button = el("button", { type: "button", onclick: () => confirm(found) }, "Confirm this address");
  return el("p", { class: "acts" }, button, copyButton(found, { label: "Copy token" }));
}

// The page behind the link belongs to the dashboard; the console stands in for it.
function tokenOf(link) {
  const url = new URL(link);
  return url.origin === location.origin && url.pathname === "/verify" ? url.searchParams.get("token") : null;
}

function confirm(found) {
  token = found;
  openDialog(dialog, {
    prepare: (form) => {
      form.reset();
      form.querySelector(".granted").hidden = true;
    },
  });
}

wireDialog(dialog, async ({ password }) => {
  const granted = await post("/v1/auth/verify-email", { token, password });
  const node = dialog.querySelector(".granted");
  node.replaceChildren(`Confirmed: ${granted.tenant?.name ?? "the account"} is open. `, copyButton(granted.access_token, { label: "Copy access token" }));
  node.hidden = false;
});
