"""Where the links in letters lead: each page asks for one thing more, and posts it together with the link's token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chalicelib.web.pages.html import el
from chalicelib.web.pages.layout import HEADERS, brand, page
from chalicelib.web.problems import Headers

SCRIPT = "text/javascript; charset=utf-8"
SCRIPT_PATH = "/verify.js"  # the first of these pages was alone, and names stay
LETTER_HEADERS: Headers = {
    **HEADERS,
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}


@dataclass(frozen=True)
class LetterPage:
    """`action` is where the script posts, as JSON; without it the page's policy lets nothing be sent. `field` is asked
    for; `done` is what is said when it is taken.
    """

    title: str
    heading: str
    lead: str
    action: str
    label: str
    button: str
    done: str
    field: str = "password"
    autocomplete: str = "current-password"
    needs_token: bool = True


PAGES: Mapping[str, LetterPage] = {
    "/verify": LetterPage(
        title="Open your account",
        heading="One last step",
        lead="Your address is yours if you can read this letter; the account is yours if you know its password.",
        action="/v1/auth/verify-email",
        label="Your password, as you chose it when you registered",
        button="Open my account",
        done="Your account is open. Sign in with POST /v1/auth/login.",
    ),
    "/confirm-email": LetterPage(
        title="Confirm your new address",
        heading="Is this address yours?",
        lead="It is if you can read the letter; the account is yours if you know its password.",
        action="/v1/auth/email/confirm",
        label="The password of your account",
        button="Use this address",
        done="Your account uses this address from now on.",
    ),
    "/reset": LetterPage(
        title="Choose a new password",
        heading="Choose a new password",
        lead="Wherever you are signed in, you will be signed out.",
        action="/v1/auth/password/reset",
        label="Your new password, of 8 characters at least",
        button="Use this password",
        done="Your password is changed. Sign in with POST /v1/auth/login.",
        autocomplete="new-password",
    ),
    "/join": LetterPage(
        title="Accept an invitation",
        heading="You are invited",
        lead="If you have an account with this address, give its password. If you have none, choose one now.",
        action="/v1/invitations/accept",
        label="Your password, of 8 characters at least",
        button="Accept the invitation",
        done="You are a member now. Sign in with POST /v1/auth/login.",
    ),
    "/forgot": LetterPage(
        title="Forgotten your password?",
        heading="Forgotten your password?",
        lead="If there is an account with your address, a letter goes there, with a link to a new password.",
        action="/v1/auth/password/forgot",
        label="Your e-mail address",
        button="Send me a link",
        done="Look into your mailbox. The link is good for an hour.",
        field="email",
        autocomplete="email",
        needs_token=False,
    ),
}


@cache
def letters_script() -> str:
    return Path(__file__).with_name("letters.js").read_text(encoding="utf-8")


@cache
def letter_page(path: str) -> str:
    """The token stays in the browser's address; nothing of it is in the page."""
    asked = PAGES[path]
    label = el("label", asked.label, for_=asked.field)
    longest = 128 if asked.field == "password" else 254
    field = el(
        "input",
        id=asked.field,
        name=asked.field,
        type=asked.field,
        autocomplete=asked.autocomplete,
        required=True,
        maxlength=longest,
    )
    form = el(
        "form",
        el("p", label),
        el("p", field),
        el("p", el("button", asked.button, type="submit")),
        id="form",
        method="post",
        action=asked.action,
        data_done=asked.done,
        data_needs_token=asked.needs_token,
    )
    without = "Without scripts: POST " + ("the token of the letter to " if asked.needs_token else "it to ")
    content = el(
        "main",
        el("h1", asked.heading),
        el("p", asked.lead),
        form,
        el("p", id="said", role="status", aria_live="polite"),
        el("noscript", el("p", f"{without}{asked.action} instead.")),
        el("script", src=SCRIPT_PATH, defer=True),
        id="content",
    )
    return page(asked.title, brand(), content, about=f"{asked.title}.", kind="reading")
