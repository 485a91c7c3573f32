"""When to try again: full jitter between attempts, and what a Retry-After header asks for."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from chalicelib.core.ports import Chance

SHORTEST_SECONDS = 1.0
LONGEST_SECONDS = 86_400.0
_FIRST_CEILING_SECONDS = 15.0
_CEILING_SECONDS = 3_600.0
_LONGEST_DIGITS = 12  # more digits than any sane number of seconds: not worth parsing


def full_jitter_seconds(attempt: int, chance: Chance) -> float:
    """Attempt 1 waits up to 15 s; the ceiling doubles from there to an hour."""
    ceiling = min(_CEILING_SECONDS, _FIRST_CEILING_SECONDS * 2.0 ** min(attempt - 1, 16))
    return max(SHORTEST_SECONDS, chance.uniform() * ceiling)


def retry_after_seconds(header: str, *, now: datetime) -> float | None:
    """Seconds or an HTTP date, clamped to 1 s .. 24 h; None for garbage."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        seconds = LONGEST_SECONDS if len(text) > _LONGEST_DIGITS else float(text)
    else:
        try:
            at = parsedate_to_datetime(text)
            seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now.timestamp()
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return min(LONGEST_SECONDS, max(SHORTEST_SECONDS, seconds))
