"""What a browser's own call shows of it in headers that nobody wrote for us: its country, by a CDN in front, and its
kind, by itself. Used for every call of a page.
"""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.core.locales import country_code
from chalicelib.features.subscriptions.model import Sight

_BY_BRAND = (  # as Client Hints call them, all of whom also say Chromium
    ("Microsoft Edge", "edge"),
    ("Opera", "opera"),
    ("Samsung Internet", "samsung"),
    ("Brave", "brave"),
    ("YaBrowser", "yandex"),
    ("Yandex", "yandex"),
    ("Vivaldi", "vivaldi"),
    ("Google Chrome", "chrome"),
)
_BY_AGENT = (  # who is built on Chrome says so too, so Chrome is asked last
    ("Edg", "edge"),
    ("OPR/", "opera"),
    ("SamsungBrowser/", "samsung"),
    ("YaBrowser/", "yandex"),
    ("Vivaldi/", "vivaldi"),
    ("Firefox/", "firefox"),
    ("Chrome/", "chrome"),
    ("Safari/", "safari"),
)


def sight_of(headers: Mapping[str, str], *, country_header: str) -> Sight:
    """`headers` by their lower-case names. Without a CDN that tells the country, anybody could."""
    country = country_code(headers.get(country_header.lower(), "")) if country_header else None
    brands, agent = headers.get("sec-ch-ua", ""), headers.get("user-agent", "")
    return Sight(country, _first(_BY_BRAND, brands) or _first(_BY_AGENT, agent))


def _first(words: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((family for word, family in words if word in text), None)
