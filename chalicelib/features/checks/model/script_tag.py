"""The tag that brings the SDK to a page: is it there, and does it name this site and this product?"""

from __future__ import annotations

import re

from chalicelib.features.checks.model.finding import Finding, Subject, fine, problem, unknown, warning
from chalicelib.features.checks.model.product import FILES, Product
from chalicelib.features.checks.model.visit import Page, Tag
from chalicelib.features.sightings.model import Sight
from chalicelib.features.sites.model import Site

_FILE = re.compile(rf"{FILES}[^/]*\Z")


def script_tag(site: Site, page: Page | None, product: Product, *, lately: Sight | None) -> Finding:
    """`lately` somebody came from the site: then a script may have brought the SDK, which HTML does not show."""
    if page is None:
        return unknown(Subject.SCRIPT_TAG, "The page could not be looked at.", f"It must have {_shown(site, product)}")
    tag = page.tag
    if tag is None:
        return _absent(site, page, product, lately)
    wrong = _wrong(tag, site, product)
    if wrong:
        return problem(Subject.SCRIPT_TAG, wrong, f"Replace the tag by {_shown(site, product)}")
    if len(page.markup.tags) > 1:
        return warning(
            Subject.SCRIPT_TAG,
            f"`{page.url}` has the tag {len(page.markup.tags)} times.",
            "Leave the first, and no other.",
        )
    return fine(Subject.SCRIPT_TAG, f"`{page.url}` has the tag, with this site's key.")


def base_of(tag: Tag) -> str:
    """Where the SDK asks the product, as it finds it itself."""
    return (_FILE.sub("", tag.src) if tag.api is None else tag.api).removesuffix("/")


def _absent(site: Site, page: Page, product: Product, lately: Sight | None) -> Finding:
    if lately is not None:
        return fine(
            Subject.SCRIPT_TAG,
            f"`{page.url}` has no tag in its HTML, but the SDK came from `{lately.origin}`: a script brings it.",
            seen_at=lately.at,
        )
    if not page.is_whole:
        return unknown(
            Subject.SCRIPT_TAG,
            f"There is no tag in the beginning of `{page.url}`, which is too long to be read to its end.",
            f"Put it into the `<head>`: {_shown(site, product)}",
        )
    return problem(
        Subject.SCRIPT_TAG,
        f"`{page.url}` does not load the SDK.",
        f"Put this into its `<head>`: {_shown(site, product)}",
    )


def _wrong(tag: Tag, site: Site, product: Product) -> str:
    if not tag.site:
        return "The tag does not say which site it is for: `data-site` is missing."
    if tag.site != site.site_key:
        return f"The tag is for another site: `data-site` is `{tag.site[:40]}`, and this site's key `{site.site_key}`."
    if base_of(tag) != product.public_url:
        return f"The tag asks `{base_of(tag)[:200]}`, and this site is at `{product.public_url}`."
    return ""


def _shown(site: Site, product: Product) -> str:
    return f"`{product.tag(site.site_key)}`"
