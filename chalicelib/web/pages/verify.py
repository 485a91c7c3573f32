"""Where the link in the first letter leads: asks for the password once more, and opens the account."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from chalicelib.web.pages.html import el
from chalicelib.web.pages.layout import HEADERS, brand, page
from chalicelib.web.problems import Headers

SCRIPT = "text/javascript; charset=utf-8"
SCRIPT_PATH = "/verify.js"
ACTION = "/v1/auth/verify-email"  # the script posts there, as JSON; without it the page's policy lets nothing be sent
VERIFY_HEADERS: Headers = {
    **HEADERS,
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}


@cache
def verify_script() -> str:
    return Path(__file__).with_name("verify.js").read_text(encoding="utf-8")


@cache
def verify_page() -> str:
    """The token stays in the browser's address; nothing of it is in the page."""
    label = el("label", "Your password, as you chose it when you registered", for_="password")
    field = el("input", id="password", type="password", autocomplete="current-password", required=True, maxlength=128)
    send = el("button", "Open my account", type="submit")
    form = el("form", el("p", label), el("p", field), el("p", send), id="form", method="post", action=ACTION)
    content = el(
        "main",
        el("h1", "One last step"),
        el("p", "Your address is yours if you can read this letter; the account is yours if you know its password."),
        form,
        el("p", id="said", role="status", aria_live="polite"),
        el("noscript", el("p", f"Without scripts: POST the token of the letter to {ACTION} instead.")),
        el("script", src=SCRIPT_PATH, defer=True),
        id="content",
    )
    return page("Open your account", brand(), content, about="Proves an address and opens an account.", kind="reading")
