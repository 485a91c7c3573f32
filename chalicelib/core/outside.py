"""Asking servers that a tenant has named: webhooks, images, metadata. Services take `Outside` as a port.

What they name may be our own network, or a server that never ends: `channels/outside` is the guarded way there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

LONGEST_URL = 2_048
PATIENCE_SECONDS = 10.0
HTTPS: frozenset[int] = frozenset({443})
HTTPS_OR_ALTERNATE: frozenset[int] = frozenset({443, 8443})  # for webhooks, whose owners may choose

# One expression reads the whole URL, and what is asked is put together from its parts: no second parser finds another
# host in it. No user, no fragment, no `\`, no blank; names only, for no certificate worth trusting names an address.
_URL = re.compile(
    r"https://([a-z0-9.-]{1,253})(?::([1-9][0-9]{0,4}))?(/[a-z0-9._~!$&'()*+,;=:@%/?\[\]-]*)?", re.IGNORECASE | re.ASCII
)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_DEFAULT_PORT = 443


class Reason(StrEnum):
    URL = "url"
    UNKNOWN = "unknown_name"
    NOT_PUBLIC = "not_public"
    UNREACHABLE = "unreachable"
    UNTRUSTED = "untrusted"
    TOO_SLOW = "too_slow"
    TOO_LARGE = "too_large"
    STATUS = "status"
    KIND = "kind"
    PACKED = "packed"


class Unreached(Exception):
    """There is no answer that could be used; `status` is what there was of one. It holds no part of the URL, which may
    be a secret of the tenant's: callers say in their own words what failed.
    """

    def __init__(self, reason: Reason, *, status: int = 0) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.status = status


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads. The rest of it may be a secret, so it stays out of any repr."""

    host: str
    port: int
    path: str = field(repr=False)

    @property
    def url(self) -> str:
        port = "" if self.port == _DEFAULT_PORT else f":{self.port}"
        return f"https://{self.host}{port}{self.path}"


@dataclass(frozen=True, slots=True)
class Found:
    """`kind` is the media type alone, in lower case."""

    kind: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """Any status. The body is its beginning where it is longer than asked for, and empty when it came packed. `headers`
    has those that were asked about, in lower case, each with its values in their order.
    """

    status: int
    kind: str
    body: bytes
    is_whole: bool
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Outside(Protocol):
    """All raise Unreached, after at most `within_seconds`, having read at most `limit_bytes`. Nothing is followed."""

    def fetch(
        self,
        url: str,
        *,
        kinds: frozenset[str],
        limit_bytes: int,
        ports: frozenset[int] = HTTPS,
        within_seconds: float = PATIENCE_SECONDS,
    ) -> Found:
        """What stands there, if it is there (200), whole, and of one of these kinds (`image/png`)."""
        ...

    def look(
        self,
        url: str,
        *,
        accept: str,
        headers: frozenset[str],
        limit_bytes: int,
        ports: frozenset[int] = HTTPS,
        within_seconds: float = PATIENCE_SECONDS,
    ) -> Reply:
        """Whatever stands there, of any status and kind, with these of its headers (in lower case)."""
        ...

    def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        limit_bytes: int,
        ports: frozenset[int] = HTTPS,
        within_seconds: float = PATIENCE_SECONDS,
    ) -> Reply:
        """Once, and never again by itself: after Unreached it may have arrived."""
        ...


def parse(url: str, *, ports: frozenset[int] = HTTPS) -> Target:
    """Raises Unreached for what would not be asked, wherever it leads. International names come in their xn-- form."""
    found = _URL.fullmatch(url) if len(url) <= LONGEST_URL else None
    if found is None:
        raise Unreached(Reason.URL)
    host, port = found[1].lower(), int(found[2] or _DEFAULT_PORT)
    if not _is_name(host) or port not in ports:
        raise Unreached(Reason.URL)
    return Target(host, port, found[3] or "/")


def _is_name(host: str) -> bool:
    """Of more than one label, and none that some resolver would read as a number: 127.1, 0x7f000001, 017700000001."""
    labels = host.split(".")
    return len(labels) > 1 and all(map(_LABEL.fullmatch, labels)) and labels[-1][0].isalpha()
