"""Where a click ends whose notification nobody knows any more: somebody reads this who has never heard of us."""

from __future__ import annotations

from functools import cache

from chalicelib.web.pages.html import el
from chalicelib.web.pages.layout import page


@cache
def lost_click_page() -> str:
    content = el(
        "main",
        el("h1", "This notification leads nowhere any more"),
        el("p", "The page it was about may be gone, or the address was not copied whole."),
        el("p", "To see what is new there, open the site itself that sent it to you."),
        id="content",
    )
    return page("Nowhere to go", content, about="This notification leads nowhere any more.", kind="reading")
