"""Where a provider's people land when the installation names no front end: the code in the address is theirs to use."""

from __future__ import annotations

from functools import cache

from chalicelib.web.pages.html import el
from chalicelib.web.pages.layout import brand, page


@cache
def signed_in_page() -> str:
    """The code stays in the browser's address, behind the `#`, which no server sees; nothing of it is in the page."""
    content = el(
        "main",
        el("h1", "The provider knows you"),
        el("p", "Your one-time code stands in this page's address, after “#code=”. It is good for two minutes, once."),
        el(
            "p",
            "Exchange it for tokens: POST it as “code” to /v1/auth/oauth/exchange; one that begins with “sc_”, which "
            "is of your organisation's own identity provider, to /v1/auth/saml/exchange.",
        ),
        id="content",
    )
    return page("Signed in", brand(), content, about="Signed in with a provider.", kind="reading")
