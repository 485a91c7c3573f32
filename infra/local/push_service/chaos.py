"""Seeded trouble: what befalls an endpoint's n-th request is a pure function of the seed, so a test can predict it.

Endpoints are gone or not for good; all other troubles strike single attempts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Trouble(StrEnum):
    GONE = "gone"
    NOT_FOUND = "not_found"
    THROTTLED = "throttled"
    BROKEN = "broken"
    UNAVAILABLE = "unavailable"
    SLOW = "slow"
    HANG = "hang"
    RESET = "reset"
    RESET_STREAM = "reset_stream"
    REFUSE_STREAM = "refuse_stream"
    GOAWAY = "goaway"
    GARBAGE = "garbage"
    LOSE_ANSWER = "lose_answer"
    TRUNCATE = "truncate"


class RetryAfter(StrEnum):
    """The forms a Retry-After header takes in the wild."""

    NONE = "none"
    SECONDS = "seconds"
    ZERO = "zero"
    FRACTION = "fraction"
    DATE_FUTURE = "date_future"
    DATE_PAST = "date_past"
    GARBAGE = "garbage"
    NEGATIVE = "negative"
    HUGE = "huge"


_FOR_GOOD = (Trouble.GONE, Trouble.NOT_FOUND)


class Chaos(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`rates` are the shares of requests (of endpoints, for gone and not_found) that meet each trouble."""

    seed: int
    rates: Mapping[Trouble, float]
    retry_after: tuple[RetryAfter, ...] = tuple(RetryAfter)

    def __post_init__(self) -> None:
        if any(not 0 <= rate <= 1 for rate in self.rates.values()) or sum(self.rates.values()) > 1:
            raise ValueError("rates must each be between 0 and 1 and together at most 1")
        if not self.retry_after:
            raise ValueError("retry_after must name at least one form")

    def trouble(self, endpoint_id: str, attempt: int) -> Trouble | None:
        """Attempts count from 1."""
        for_good = self._pick(_FOR_GOOD, share(f"{self.seed}", endpoint_id))
        if for_good is not None:
            return for_good
        passing = tuple(trouble for trouble in Trouble if trouble not in _FOR_GOOD)
        return self._pick(passing, share(f"{self.seed}", endpoint_id, f"{attempt}"))

    def retry_after_form(self, endpoint_id: str, attempt: int) -> RetryAfter:
        return self.retry_after[int(share(f"{self.seed}", endpoint_id, f"{attempt}", "form") * len(self.retry_after))]

    def _pick(self, troubles: tuple[Trouble, ...], lot: float) -> Trouble | None:
        for trouble in troubles:
            lot -= self.rates.get(trouble, 0.0)
            if lot < 0:
                return trouble
        return None


def share(*parts: str) -> float:
    """A number in [0, 1), always the same for the same parts."""
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) / 2**53  # 53 bits: what a float holds without rounding up to 1
