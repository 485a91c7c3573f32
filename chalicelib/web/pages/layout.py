"""The frame around every page of ours: one stylesheet, no script, light and dark."""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha256
from pathlib import Path

from chalicelib.web.pages.html import Child, Html, el, join
from chalicelib.web.problems import Headers

HTML = "text/html; charset=utf-8"
CSS = "text/css; charset=utf-8"
STYLE_PATH = "/docs/style.css"
HEADERS: Headers = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "public, max-age=300",
}


_OURS = re.compile(r'((?:href|src|action)=")/')  # in text a quote is `&quot;`, so these are attributes


@cache
def stylesheet() -> str:
    return Path(__file__).with_name("style.css").read_text(encoding="utf-8")


def page(title: str, *content: Child, about: str, kind: str) -> str:
    """`about` is for search engines and previews, `kind` a class for the stylesheet."""
    fingerprint = sha256(stylesheet().encode()).hexdigest()[:12]
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="description", content=about),
        el("title", title),
        el("link", rel="icon", href="data:,"),
        el("link", rel="stylesheet", href=f"{STYLE_PATH}?v={fingerprint}"),
    )
    body = el("body", el("a", "Skip to the content", class_="skip", href="#content"), join(content), class_=kind)
    return f"<!doctype html>\n{el('html', head, body, lang='en')}\n"


def rooted(html: str, *, path: str) -> str:
    """Pages are written for the root of a domain. Under a stage's address, links of ours start with its path."""
    return _OURS.sub(rf"\g<1>{path}/", html)


def brand(*links: Html) -> Html:
    return el(
        "header",
        el(
            "a",
            el("span", class_="mark", aria_hidden="true"),
            "PushSaaS",
            el("small", "API"),
            class_="brand",
            href="/docs",
        ),
        el("nav", links, class_="links", aria_label="Pages"),
        class_="top",
    )
