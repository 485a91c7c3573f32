"""Content Security Policy, as much of it as decides whether a page may use the SDK (CSP Level 3, 2.2 and 6.7.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from urllib.parse import SplitResult, unquote, urlsplit

Sources = tuple[str, ...]

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE | re.ASCII)
_HOST = re.compile(
    r"(?:([a-z][a-z0-9+.-]*)://)?(\*|(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::([0-9]{1,5}|\*))?(/[^?#]*)?",
    re.IGNORECASE | re.ASCII,
)
_PORTS = {"http": "80", "https": "443"}
_NETWORK = frozenset({"http", "https", "ws", "wss"})
_MOST_POLICIES = 50  # a page of so many is made to keep us busy
_BLANKS = re.compile(r"[\t\n\f\r ]+")


@dataclass(frozen=True)
class Policy:
    """Directives by name, in lower case; the first of a name counts."""

    directives: Mapping[str, Sources]

    def first_of(self, names: Iterable[str]) -> tuple[str, Sources] | None:
        """The directive that speaks for the others behind it."""
        return next(((name, self.directives[name]) for name in names if name in self.directives), None)


def read(texts: Iterable[str]) -> list[Policy]:
    """Of headers, or of `meta`. Each of them holds for itself, and so does each part of a list in one header."""
    parts = (part for text in texts for part in text.split(",") if part.strip())
    return [policy for part in islice(parts, _MOST_POLICIES) if (policy := _policy(part)).directives]


def admits(sources: Sources, url: str, *, own: str) -> bool:
    """Whether some source is for this address; `own` is where the page is. Nonces and hashes are asked elsewhere."""
    target, page = urlsplit(url), urlsplit(own)
    return any(_is_for(source, target, page) for source in sources)


def _policy(text: str) -> Policy:
    directives: dict[str, Sources] = {}
    for part in text.split(";"):
        name, *sources = [word for word in _BLANKS.split(part) if word] or [""]
        if name:
            directives.setdefault(name.lower(), tuple(sources))
    return Policy(directives)


def _is_for(source: str, target: SplitResult, page: SplitResult) -> bool:
    if source == "*":
        return target.scheme in _NETWORK
    if source.lower() == "'self'":
        return _is_same_place(target, page)
    if scheme := _SCHEME.fullmatch(source):
        return _covers_scheme(scheme[1].lower(), target.scheme)
    found = _HOST.fullmatch(source)
    if found is None:
        return False
    return (
        _covers_scheme((found[1] or page.scheme).lower(), target.scheme)
        and _covers_host(found[2].lower(), target.hostname or "")
        and _covers_port(found[3] or "", target)
        and _covers_path(found[4] or "", target.path)
    )


def _is_same_place(target: SplitResult, page: SplitResult) -> bool:
    return (
        target.hostname == page.hostname
        and _covers_scheme(page.scheme, target.scheme)
        and (_port(target) == _port(page) or (_is_usual(target) and _is_usual(page)))
    )


def _covers_scheme(said: str, asked: str) -> bool:
    """What is allowed in the open is allowed in secret."""
    return said == asked or (said, asked) == ("http", "https")


def _covers_host(said: str, asked: str) -> bool:
    if said == "*":
        return True
    return asked.endswith(said[1:]) if said.startswith("*.") else said == asked


def _covers_port(said: str, target: SplitResult) -> bool:
    if said == "*":
        return True
    if not said:
        return _is_usual(target)
    return said == _port(target) or (said == "80" and _port(target) == "443")


def _covers_path(said: str, asked: str) -> bool:
    said, asked = unquote(said), unquote(asked) or "/"
    return asked.startswith(said) if not said or said.endswith("/") else asked == said


def _port(url: SplitResult) -> str:
    return str(url.port or _PORTS.get(url.scheme, ""))


def _is_usual(url: SplitResult) -> bool:
    return _port(url) == _PORTS.get(url.scheme)
