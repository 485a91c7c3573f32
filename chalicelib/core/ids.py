"""Public ids: a prefix that says the kind, then a lower-case ULID, so that ids sort by birth."""

from __future__ import annotations

import re

from chalicelib.core import chance, clock
from chalicelib.core.encoding import CROCKFORD

_ULID_LENGTH = 26
_SHAPE = re.compile(r"[a-z]{2,4}_[0-9a-hjkmnp-tv-z]{26}")


def new(prefix: str) -> str:
    return f"{prefix}_{ulid()}"


def ulid() -> str:
    milliseconds = clock.in_milliseconds(clock.now())
    number = (milliseconds << 80) | int.from_bytes(chance.token(10))
    return "".join(CROCKFORD[(number >> shift) & 31] for shift in range(5 * (_ULID_LENGTH - 1), -1, -5))


def is_id(text: str, prefix: str) -> bool:
    """Shape only: a store is never asked about something that cannot be an id."""
    return text.startswith(f"{prefix}_") and _SHAPE.fullmatch(text) is not None
