"""Which stretch of a partition's sorted keys a query can meet. For `moto_patch.py`, which looks at no other row."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence


def key_window(
    keys: list[str],
    comparison: str | None,
    operands: Sequence[str],
    *,
    after: str | None,
    limit: int | None,
    forward: bool,
) -> slice:
    """The matches that can be on this page, in `keys`, and one key beyond the page if there is one."""
    low, high = _matching(keys, comparison, operands)
    if forward:
        low = low if after is None else max(low, bisect_right(keys, after))
        high = high if limit is None else min(high, low + limit)
        return slice(low, max(low, high) + 1)
    high = high if after is None else min(high, bisect_left(keys, after))
    low = low if limit is None else max(low, high - limit)
    return slice(max(0, min(low, high) - 1), high)


def _matching(keys: list[str], comparison: str | None, operands: Sequence[str]) -> tuple[int, int]:
    match comparison, operands:
        case "=" | "EQ", [value]:
            return bisect_left(keys, value), bisect_right(keys, value)
        case "<" | "LT", [value]:
            return 0, bisect_left(keys, value)
        case "<=" | "LE", [value]:
            return 0, bisect_right(keys, value)
        case ">" | "GT", [value]:
            return bisect_right(keys, value), len(keys)
        case ">=" | "GE", [value]:
            return bisect_left(keys, value), len(keys)
        case "BETWEEN", [least, most]:
            return bisect_left(keys, least), bisect_right(keys, most)
        case "BEGINS_WITH", [prefix]:
            low = bisect_left(keys, prefix)
            return low, bisect_left(keys, 1, lo=low, key=lambda key: not key.startswith(prefix))
    return 0, len(keys)
