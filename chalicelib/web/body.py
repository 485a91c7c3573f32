"""The JSON guard: size, depth, number of keys, duplicates and NaN are judged before anything is built from a body."""

from __future__ import annotations

import json
import re
from typing import Any

from chalicelib.core.errors import PushError

LARGEST_BYTES = 256 * 1024
DEEPEST = 20
MOST_KEYS = 500
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


class Unreadable(PushError):
    code = "unreadable_body"
    title = "The body is not a JSON object we can read."


class TooLarge(PushError):
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
    try:
        parsed = json.loads(raw, object_pairs_hook=_Counter().members, parse_constant=_refuse_constant)
        json.dumps(parsed, ensure_ascii=False).encode()
    except UnicodeError:
        raise Unreadable("The body is not valid UTF-8.") from None
    except ValueError as error:
        raise Unreadable(f"The body is not valid JSON: {error}") from None
    if not isinstance(parsed, dict):
        raise Unreadable("The body must be a JSON object.")
    return raw


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


def _refuse_constant(name: str) -> None:
    raise Unreadable(f"{name} is not JSON.")


def _depth(raw: bytes) -> int:
    """Nesting outside strings; the parser itself recurses, so this comes first."""
    depth = deepest = 0
    for byte in re.findall(rb"[\[\]{}]", _STRINGS.sub(b"", raw)):
        depth += 1 if byte in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest
