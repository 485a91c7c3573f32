// "Start here": the first three calls of a newcomer, ready to paste, and the names they need.

import { copyButton, el, find, keep } from "/local/dom.js";

const REMEMBERED = "start-is-closed";

export function show(state) {
  if (!state.fresh) return;
  const welcome = state.welcome;
  find("curl-lines").replaceChildren(
    ...welcome.curl_lines.map((line) =>
      el(
        "li",
        {},
        el("p", { class: "says" }, el("span", {}, line.says), copyButton(line.command, { what: `the call: ${line.says}` })),
        el("pre", { tabindex: "0", "aria-label": line.says }, el("code", {}, line.command)),
      ),
    ),
  );
  const facts = [
    ["API key", welcome.api_key],
    ["Site", welcome.site_id],
    ["Site key", welcome.site_key],
  ];
  keep(find("start-facts"), facts, {
    key: ([name]) => name,
    make: () => el("div"),
    update: (node, [name, value]) =>
      node.replaceChildren(el("dt", {}, name), el("dd", {}, el("code", { title: value }, value), copyButton(value, { what: name }))),
  });
  find("start-facts").append(
    el("div", { "data-key": "shop" }, el("dt", {}, "Demo shop"), el("dd", {}, el("a", { href: welcome.shop_url }, "a customer’s site, on an origin of its own"))),
    el("div", { "data-key": "docs" }, el("dt", {}, "Reference"), el("dd", {}, el("a", { href: "/docs" }, "all routes"), " · ", el("a", { href: "/openapi.json" }, "OpenAPI"))),
  );
}

const panel = find("start");
panel.open = localStorage.getItem(REMEMBERED) === null;
panel.addEventListener("toggle", () =>
  panel.open ? localStorage.removeItem(REMEMBERED) : localStorage.setItem(REMEMBERED, "1"),
);
