"""Reads HTML as browsers do, by libxml2, and keeps of it our script elements and the policies in `meta`.

No tree is built: what a page is made of is anybody's choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from lxml import etree

from chalicelib.core.outside import LONGEST_URL
from chalicelib.features.checks.model.product import FILES
from chalicelib.features.checks.model.visit import Markup, Tag, joined

_MOST_TAGS = 5
_MOST_POLICIES = 10
_OURS = f"{FILES}pushsaas"
_POLICY = "content-security-policy"
_ASLEEP = frozenset({"template", "noscript"})
_READ = frozenset({"base", "script", "meta"})


class _Reader:
    """What the parser tells of, element by element. What is in a `template` or `noscript` does nothing."""

    def __init__(self, url: str) -> None:
        self._base = url
        self._has_base = False
        self._asleep = 0
        self.tags: list[Tag] = []
        self.policies: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._asleep += name in _ASLEEP
        if self._asleep or name not in _READ:
            return
        if name == "script":
            self._script(attributes)
        elif name == "base":
            self._take_base(attributes.get("href"))
        elif attributes.get("http-equiv", "").strip().lower() == _POLICY:
            self.policies.append(attributes.get("content", ""))

    def end(self, name: str) -> None:
        self._asleep -= name in _ASLEEP

    def close(self) -> Markup:
        return Markup(tuple(self.tags[:_MOST_TAGS]), tuple(self.policies[:_MOST_POLICIES]))

    def _take_base(self, href: str | None) -> None:
        if href is not None and not self._has_base:
            self._base, self._has_base = joined(self._base, href), True

    def _script(self, long: Mapping[str, str]) -> None:
        attributes = {name: value[:LONGEST_URL] for name, value in long.items()}
        src = joined(self._base, attributes["src"]) if "src" in attributes else ""
        if "data-site" not in attributes and _OURS not in src:
            return
        self.tags.append(
            Tag(
                src=src,
                site=attributes.get("data-site"),
                api=attributes.get("data-api"),
                worker=attributes.get("data-worker"),
                scope=attributes.get("data-scope"),
                nonce=attributes.get("nonce", ""),
                integrity=attributes.get("integrity", ""),
            )
        )


def read_markup(body: bytes, *, url: str) -> Markup:
    reader = _Reader(url)
    target: Any = reader  # its stubs ask for methods that it does without
    parser = etree.HTMLParser(target=target, recover=True, no_network=True, huge_tree=False)
    with suppress(etree.LxmlError):  # should there be an end to what it makes sense of: what was seen before it counts
        parser.feed(body)
        parser.close()
    return reader.close()
