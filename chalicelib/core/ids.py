"""Public ids: a prefix that says the kind, then a lower-case ULID, so that ids sort by birth."""

from __future__ import annotations

import re

from chalicelib.core import chance, clock
from chalicelib.core.encoding import CROCKFORD

_ULID_LENGTH = 26
_RAW_BYTES = 16
_LARGEST_FIRST = "7"  # 26 letters are 130 bits
_VALUES = {letter: value for value, letter in enumerate(CROCKFORD)}
_SHAPE = re.compile(r"[a-z]{2,4}_[0-9a-hjkmnp-tv-z]{26}")


def new(prefix: str) -> str:
    return f"{prefix}_{ulid()}"


def ulid() -> str:
    milliseconds = clock.in_milliseconds(clock.now())
    return _spelled((milliseconds << 80) | int.from_bytes(chance.token(10)))


def is_id(text: str, prefix: str) -> bool:
    """Shape only: a store is never asked about something that cannot be an id."""
    return text.startswith(f"{prefix}_") and _SHAPE.fullmatch(text) is not None


def raw(public_id: str) -> bytes:
    """The 16 bytes of its ULID. Raises ValueError for what is no id of ours."""
    spelled = public_id.partition("_")[2]
    if len(spelled) != _ULID_LENGTH or not _VALUES.keys() >= set(spelled) or spelled[0] > _LARGEST_FIRST:
        raise ValueError("not an id")
    number = 0
    for letter in spelled:
        number = number << 5 | _VALUES[letter]
    return number.to_bytes(_RAW_BYTES)


def of_raw(prefix: str, sixteen: bytes) -> str:
    return f"{prefix}_{_spelled(int.from_bytes(sixteen))}"


def _spelled(number: int) -> str:
    return "".join(CROCKFORD[(number >> shift) & 31] for shift in range(5 * (_ULID_LENGTH - 1), -1, -5))
