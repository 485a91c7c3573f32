"""The guard of bodies: everything hostile about one is judged here, in linear time, before it is built from."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from chalicelib.core.errors import PushError

LARGEST_BYTES = 256 * 1024
DEEPEST = 20
MOST_KEYS = 500
MOST_FIELDS = 20  # of a form
LARGEST_NUMBER = 2**63  # what an integer column, a double and DynamoDB can all hold
SMALLEST_NUMBER = 1e-100  # DynamoDB refuses what comes nearer to zero
_LONGEST_INTEGER = 20  # digits and sign

# Matches from every quote, closed or not: a pattern that can fail would start again at each quote, in quadratic time.
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")


class Unreadable(PushError):
    """The body could not be read as one JSON object in UTF-8, so nothing in it was looked at.

    When: The body is empty, is not JSON, is a list or a bare value, names a key twice, holds NaN, Infinity or a number
    beyond 64 bits, or exceeds 20 levels or 500 keys.

    Do: Send one JSON object. `detail` says what was found. Where a form is asked for, send each field once, in UTF-8.
    """

    code = "unreadable_body"
    title = "The body is not a JSON object we can read."


class TooLarge(PushError):
    """The body is larger than this service reads.

    When: A body exceeds 256 kB (262,144 bytes), whatever is in it.

    Do: Send less at once. Large lists of subscriptions go through an import, which takes a file of any size.
    """

    code = "too_large"
    title = "The body is larger than 256 kB."


def guard(raw: bytes) -> bytes:
    """Returns `raw` when it is one well-behaved JSON object."""
    if len(raw) > LARGEST_BYTES:
        raise TooLarge
    if not raw.strip():
        raise Unreadable("The body is empty; a JSON object is needed.")
    if _depth(raw) > DEEPEST:
        raise Unreadable(f"The body is nested more than {DEEPEST} levels deep.")
    if not isinstance(_read(raw), dict):
        raise Unreadable("The body must be a JSON object.")
    return raw


def guard_form(raw: bytes) -> dict[str, str]:
    """The fields of one well-behaved form."""
    if len(raw) > LARGEST_BYTES:
        raise TooLarge
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:  # UnicodeDecodeError is one
        raise Unreadable(f"The body is not a form of at most {MOST_FIELDS} fields in UTF-8.") from None
    fields = dict(pairs)
    if not fields or len(fields) != len(pairs):
        raise Unreadable("The form is empty, or names a field twice.")
    return fields


def _read(raw: bytes) -> Any:
    try:
        parsed = json.loads(
            raw.decode(),  # left to itself, `json` would guess at UTF-16 and UTF-32
            object_pairs_hook=_Counter().members,
            parse_constant=_refuse_constant,
            parse_int=_integer,
            parse_float=_fraction,
        )
        json.dumps(parsed, ensure_ascii=False).encode()  # half a surrogate pair can be escaped, but not stored
    except UnicodeError:
        raise Unreadable("The body is not valid UTF-8.") from None
    except ValueError as error:
        raise Unreadable(f"The body is not valid JSON: {error}") from None
    return parsed


class _Counter:
    def __init__(self) -> None:
        self.keys = 0

    def members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        self.keys += len(pairs)
        if self.keys > MOST_KEYS:
            raise Unreadable(f"The body has more than {MOST_KEYS} keys.")
        members = dict(pairs)
        if len(members) != len(pairs):
            raise Unreadable("The body names a key twice.")
        return members


def _refuse_constant(name: str) -> NoReturn:
    raise Unreadable(f"{name} is not JSON.")


def _integer(text: str) -> int:
    if len(text) > _LONGEST_INTEGER or not -LARGEST_NUMBER <= int(text) < LARGEST_NUMBER:
        raise Unreadable("The body holds a number beyond 64 bits.")
    return int(text)


def _fraction(text: str) -> float:
    number = float(text)
    if abs(number) > LARGEST_NUMBER or 0 < abs(number) < SMALLEST_NUMBER:
        raise Unreadable("The body holds a number too large or too small to keep.")
    return number


def _depth(raw: bytes) -> int:
    """Nesting outside strings; the parser itself recurses, so this comes first."""
    depth = deepest = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", raw)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest
