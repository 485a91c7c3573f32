"""Receipts: what a notification carries so that whoever shows it can report under it, and nobody can make one up.

72 bytes, 96 characters of base64url: version, tenant, run and subscription, 16 bytes each; one byte each for browser,
variant and flags; four for the second in which the run began; and half of an HMAC-SHA256 over all that.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from chalicelib.core import ids
from chalicelib.core.clock import in_seconds
from chalicelib.core.encoding import unb64url

LENGTH = 96
GOOD_FOR = timedelta(days=44)  # a run lives for 14 days at most; a device may be off for a month
BROWSERS = ("unknown", "chrome", "firefox", "safari", "edge")  # by number: others go to the end

_VERSION = b"\x01"
_WANTED = 1
_MAC_BYTES = _MARK_BYTES = 16
_SIGNED_BYTES = 56
_BLOCK_BYTES = 64
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


class Forged(Exception):
    """No receipt of ours, or not as we made it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """`is_wanted`: when it was made, its browser had not shown for a while that it lives. `whose` is tenant, run and
    key as they stand in it.
    """

    tenant_id: str
    run_id: str
    key: bytes
    browser: int
    variant: int
    is_wanted: bool
    began_at: datetime
    whose: bytes

    def is_good(self, *, now: datetime) -> bool:
        return now < self.began_at + GOOD_FOR

    @property
    def browser_name(self) -> str:
        return BROWSERS[self.browser] if self.browser < len(BROWSERS) else BROWSERS[0]


class Told(NamedTuple):
    """What is known of one recipient, beside its key."""

    browser: int = 0
    is_wanted: bool = False
    variant: int = 0


class Receipts:
    """Under one pepper. Whoever replaces that gives up all receipts that are under way."""

    def __init__(self, pepper: bytes) -> None:
        self._key = sha256(b"receipt\0" + pepper).digest()
        self._mark_key = sha256(b"receipt mark\0" + pepper).digest()

    def mint(self, *, tenant_id: str, run_id: str, began_at: datetime) -> Mint:
        head = _VERSION + ids.raw(tenant_id) + ids.raw(run_id)
        return Mint(self._key, head=head, tail=in_seconds(began_at).to_bytes(4))

    def read(self, text: str) -> Receipt:
        """Raises Forged."""
        signed, mac = _parts(text)
        if not hmac.compare_digest(hmac.digest(self._key, signed, "sha256")[:_MAC_BYTES], mac):
            raise Forged
        return Receipt(
            tenant_id=ids.of_raw("ten", signed[1:17]),
            run_id=ids.of_raw("run", signed[17:33]),
            key=signed[33:49],
            browser=signed[49],
            variant=signed[50],
            is_wanted=bool(signed[51] & _WANTED),
            began_at=datetime.fromtimestamp(int.from_bytes(signed[52:]), UTC),
            whose=signed[1:49],
        )

    def mark(self, receipt: Receipt) -> bytes:
        """Tells one recipient of a run from another, and who they are only to who has the pepper and a list of keys."""
        return hmac.digest(self._mark_key, receipt.whose, "sha256")[:_MARK_BYTES]


class Mint:
    """Makes the receipts of one run. On the hot path: what all of them share is hashed once."""

    def __init__(self, key: bytes, *, head: bytes, tail: bytes) -> None:
        block = key.ljust(_BLOCK_BYTES, b"\0")
        self._head, self._tail = head, tail
        self._inner = sha256(block.translate(_INNER) + head)
        self._outer = sha256(block.translate(_OUTER))

    def receipt(self, key: bytes, told: Told = Told()) -> bytes:  # noqa: B008 -- a tuple
        own = key + bytes((told.browser, told.variant, _WANTED if told.is_wanted else 0)) + self._tail
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(own)
        outer.update(inner.digest())
        return urlsafe_b64encode(self._head + own + outer.digest()[:_MAC_BYTES])


def _parts(text: str) -> tuple[bytes, bytes]:
    try:
        raw = unb64url(text) if len(text) == LENGTH else b""
    except ValueError:
        raise Forged from None
    if len(raw) != _SIGNED_BYTES + _MAC_BYTES or raw[:1] != _VERSION:
        raise Forged
    return raw[:_SIGNED_BYTES], raw[_SIGNED_BYTES:]
