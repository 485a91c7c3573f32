"""What came of asking a site's own server for something: what it showed, or why there is nothing to see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urljoin, urlsplit

from chalicelib.core.outside import Reason


class Lead(StrEnum):
    """Where a server sends its visitors, when we do not follow."""

    ELSEWHERE = "elsewhere"  # to an origin that is not the site's
    IN_CIRCLES = "in_circles"


@dataclass(frozen=True)
class Shown:
    """An answer, of whatever status. `headers` in lower case."""

    url: str
    status: int
    kind: str
    body: bytes = b""
    is_whole: bool = True
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Lost:
    """`toward` is where it would have gone on."""

    url: str
    why: Reason | Lead
    toward: str = ""


@dataclass(frozen=True)
class Tag:
    """A script element of ours, with the attributes that the SDK reads; those it has not are None."""

    src: str
    site: str | None = None
    api: str | None = None
    worker: str | None = None
    scope: str | None = None
    nonce: str = ""
    integrity: str = ""


@dataclass(frozen=True)
class Markup:
    """What a page's HTML says that matters here. `src` of the tags is absolute; `policies` are those in `meta`."""

    tags: tuple[Tag, ...] = ()
    policies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """A page that was really seen."""

    url: str
    markup: Markup
    policies: tuple[str, ...] = ()
    is_whole: bool = True

    @property
    def tag(self) -> Tag | None:
        return next(iter(self.markup.tags), None)


WORDS: Mapping[Reason | Lead, str] = {
    Reason.URL: "is no address that we visit: that is `https`, a public name, no bare IP address, and port 443 or 8443",
    Reason.UNKNOWN: "has a name that DNS does not know",
    Reason.NOT_PUBLIC: "leads to an address that is not on the public internet, so nothing was asked there",
    Reason.UNREACHABLE: "did not take our connection",
    Reason.UNTRUSTED: "has a certificate that browsers do not trust",
    Reason.TOO_SLOW: "took longer than a few seconds",
    Reason.TOO_LARGE: "answered with too many headers",
    Lead.ELSEWHERE: "sends its visitors on, out of the site's origins, and we did not follow",
    Lead.IN_CIRCLES: "sends its visitors on again and again",
}


def joined(base: str, said: str) -> str:
    """As a browser would; empty for what is no address."""
    try:
        return urljoin(base, said.strip())
    except ValueError:
        return ""


def origin_of(url: str) -> str:
    """As browsers spell it; empty for what is no address of a page."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return ""
    is_usual = port in {None, 443 if parts.scheme == "https" else 80}
    return f"{parts.scheme}://{parts.hostname}{'' if is_usual else f':{port}'}"
