"""Pages and their cursors. A cursor is opaque and signed for one list of one tenant: a forged one is a clear 422."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from chalicelib.core.encoding import b64url, unb64url
from chalicelib.core.errors import Invalid

T = TypeVar("T")

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 100
_MAC_BYTES = 12


@dataclass(frozen=True)
class Page(Generic[T]):
    """`position` is the store's own place after the last row; None at the end."""

    rows: Sequence[T]
    position: str | None


class Cursors:
    """Turns a store's position into a cursor and back, for one `scope` (tenant and list)."""

    def __init__(self, *, secret: bytes, scope: str) -> None:
        self._key = hashlib.sha256(b"cursor\0" + secret + b"\0" + scope.encode()).digest()

    def seal(self, position: str | None) -> str | None:
        if position is None:
            return None
        return b64url(self._mac(position) + position.encode())

    def open(self, cursor: str | None) -> str | None:
        if not cursor:
            return None
        try:
            raw = unb64url(cursor)
            position = raw[_MAC_BYTES:].decode()
        except ValueError:
            raise BadCursor from None
        if not hmac.compare_digest(raw[:_MAC_BYTES], self._mac(position)):
            raise BadCursor
        return position

    def _mac(self, position: str) -> bytes:
        return hmac.digest(self._key, position.encode(), "sha256")[:_MAC_BYTES]


class BadCursor(Invalid):
    """A cursor remembers a place in one list of one account, and is signed, so that nobody can make one up.

    When: A cursor was cut, changed, or taken from another list or account.

    Do: Ask for the first page again, without a cursor, and follow `next_cursor` from there.
    """

    code = "bad_cursor"
    title = "This cursor does not belong to this list. Start again without one."

    def __init__(self) -> None:
        super().__init__(self.title, pointer="/cursor")
