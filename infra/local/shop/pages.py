"""The shop's pages, from the templates beside. What a customer's site needs for push is in the head of `page.html`: one
script tag, and a manifest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from string import Template

from infra.local.shop.customer import Customer
from infra.local.shop.goods import SHELVES, Article, on_shelf

NAME = "Fern & Kiln"
_TEMPLATES = Path(__file__).parent / "templates"


class Markup(str):
    """Goes into a template as it is; every other text is escaped."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True)
class View:
    """What every page knows: the shop's site at the product, and who looks."""

    product_url: str
    site_key: str
    customer: Customer | None
    signature: str


def home_page(view: View) -> str:
    return _page(view, "Plants and pots", _filled("home", cards=_cards(None)))


def shelf_page(view: View, shelf: str) -> str:
    title = SHELVES[shelf]
    return _page(view, title, _filled("shelf", title=title, cards=_cards(shelf)), shelf)


def article_page(view: View, one: Article) -> str:
    offer = _filled("sold_out", tag=one.waiting_tag, bell=_filled("bell")) if one.is_sold_out else _filled("in_stock")
    body = _filled("article", **_words(one), text=one.text, shelf_name=SHELVES[one.shelf], offer=offer)
    return _page(view, one.name, body, one.shelf)


def account_page(view: View, *, fault: str = "") -> str:
    if view.customer:
        body = _filled("account", email=view.customer.email, customer=view.customer.id)
    else:
        body = _filled("sign_in", fault=fault)
    return _page(view, "Your account", body)


def missing_page(view: View) -> str:
    return _page(view, "Not found", _filled("missing"))


def _page(view: View, title: str, content: Markup, shelf: str | None = None) -> str:
    return _filled(
        "page",
        title=title,
        customer=view.customer.id if view.customer else "",
        signature=view.signature,
        product_url=view.product_url,
        site_key=view.site_key,
        shelves=_joined(_link(slug, here=shelf) for slug in SHELVES),
        account="Account" if view.customer else "Sign in",
        bell=_filled("bell"),
        content=content,
        wishes=_joined(
            f'<label><input type="checkbox" name="{slug}"> {escape(name)}</label>' for slug, name in SHELVES.items()
        ),
    )


def _link(slug: str, *, here: str | None) -> str:
    current = ' aria-current="page"' if slug == here else ""
    return f'<a href="/{slug}"{current}>{escape(SHELVES[slug])}</a>'


def _cards(shelf: str | None) -> Markup:
    badge = Markup('<span class="badge">Sold out</span>')
    return _joined(_filled("card", **_words(one), badge=badge if one.is_sold_out else "") for one in on_shelf(shelf))


def _words(one: Article) -> dict[str, str]:
    return {"slug": one.slug, "name": one.name, "shelf": one.shelf, "euros": str(one.euros), "line": one.line}


def _filled(template: str, /, **words: str) -> Markup:
    safe = {key: word if isinstance(word, Markup) else escape(word) for key, word in words.items()}
    return Markup(_template(template).substitute(safe))


@cache
def _template(name: str) -> Template:
    return Template((_TEMPLATES / f"{name}.html").read_text().strip())


def _joined(parts: Iterable[str]) -> Markup:
    return Markup("".join(parts))
