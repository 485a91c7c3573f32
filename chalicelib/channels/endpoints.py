"""Which push endpoints we talk to. Asked when a browser subscribes, and again before each push.

One expression reads the whole URL and refuses what it does not know, so no second parser can see another host in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from chalicelib.core.errors import Invalid

LONGEST = 2_048
_HOSTS_KEPT = 1_000  # WNS has one for each of its places


class Vendor(StrEnum):
    FCM = "fcm"
    MOZILLA = "mozilla"
    APPLE = "apple"
    WNS = "wns"


_HOSTS = {
    "fcm.googleapis.com": Vendor.FCM,
    "jmt17.google.com": Vendor.FCM,  # what Debian's Chromium is given
}
_SUFFIXES = {
    ".push.services.mozilla.com": Vendor.MOZILLA,
    ".push.apple.com": Vendor.APPLE,
    ".notify.windows.com": Vendor.WNS,
}
# Lower case, no port, no userinfo, no fragment: the services' own spelling. No `@` or `\` anywhere, so that nobody can
# take a part of the path for an authority. Every quantifier stands on characters its successor cannot match.
_URL = re.compile(r"https://([a-z0-9.-]{1,253})(/[A-Za-z0-9._~!$&'()*+,;=:%/?-]+)")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_DOTS = re.compile(r"\.\.|%2e|/\.(?:[/?]|$)", re.IGNORECASE)


class BadEndpoint(Invalid):
    """A push endpoint is the address a browser's own push service gave it. This one belongs to none that we know, so
    nothing was stored and nothing will ever be sent there.

    When: The endpoint is not an `https` URL of Google's, Mozilla's, Apple's or Microsoft's push service, or is not
    spelled as they spell theirs: with a port, a user name, capital letters in the host, or `..` in it.

    Do: Send the subscription exactly as `PushSubscription.toJSON()` gives it.
    """

    code = "endpoint_not_allowed"
    title = "This is not the address of a push service we know."

    def __init__(self) -> None:
        super().__init__(self.title, pointer="/subscription/endpoint")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that may be pushed to. It is a capability: whoever knows it can try, so it stays out of any repr."""

    origin: str
    host: str
    path: str = field(repr=False)
    vendor: Vendor


def parse(url: str) -> Endpoint:
    found = _URL.fullmatch(url) if len(url) <= LONGEST else None
    if found is None:
        raise BadEndpoint
    host, path = found[1], found[2]
    vendor = vendor_of(host)
    if vendor is None or _DOTS.search(path):
        raise BadEndpoint
    return Endpoint(f"https://{host}", host, path, vendor)


def host_of(url: str) -> str:
    """Of an endpoint that was let in; to sort by, not to connect to."""
    return url.removeprefix("https://").partition("/")[0]


@lru_cache(maxsize=_HOSTS_KEPT)
def vendor_of(host: str) -> Vendor | None:
    if host in _HOSTS:
        return _HOSTS[host]
    for suffix, vendor in _SUFFIXES.items():
        if host.endswith(suffix) and all(map(_LABEL.fullmatch, host.split("."))):
            return vendor
    return None
