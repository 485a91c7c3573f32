"""Languages, time zones and countries by their standard names, as browsers and CDNs tell them."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_LONGEST_LANGUAGE = 35  # RFC 5646, section 4.4.1
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,8}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_NO_COUNTRY = {"XX", "ZZ"}  # how CDNs and ISO 3166 spell "nobody knows"
_SCRIPT_LETTERS = 4
_REGION_LETTERS = 2


def is_timezone(name: str) -> bool:
    """Known by the database that ships with us, so that every Lambda can tell its time."""
    return name in _timezones()


def language_tag(text: str) -> str | None:
    """Cased as RFC 5646 recommends (`zh-Hant-TW`), so that one language has one spelling; None when it is no tag."""
    if len(text) > _LONGEST_LANGUAGE or not _LANGUAGE.fullmatch(text):
        return None
    first, *others = text.lower().split("-")
    return "-".join([first, *map(_cased, others)])


def country_code(text: str) -> str | None:
    """Two capital letters, as a CDN tells them; None for all else it may say."""
    return text if _COUNTRY.fullmatch(text) and text not in _NO_COUNTRY else None


@cache
def _timezones() -> frozenset[str]:
    return frozenset(resources.files("tzdata").joinpath("zones").read_text().split())


def _cased(subtag: str) -> str:
    if len(subtag) == _SCRIPT_LETTERS and subtag.isalpha():
        return subtag.title()
    return subtag.upper() if len(subtag) == _REGION_LETTERS else subtag
