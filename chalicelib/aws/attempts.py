"""Attempts in DynamoDB: few, exactly counted, and taken back when they did no harm. Its windows slide.

A row has one slot for each attempt that its rule allows, and a slot is taken until its attempt is old. Admission is one
conditional write of a free slot.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws.dynamo import Refused, Table, absent, equals
from chalicelib.aws.places import place_of
from chalicelib.config import settings
from chalicelib.core import chance
from chalicelib.core.clock import in_milliseconds, in_seconds
from chalicelib.core.errors import OverLimit
from chalicelib.core.limits import Attempt, Rule

_MOST_ROUNDS = 8
_MARK_BYTES = 9
_KEPT_LONGER = timedelta(minutes=5)


class StoredAttempts:
    def __init__(self) -> None:
        self._table = Table("idem")

    def begin(self, *, rule: Rule, whose: str, now: datetime) -> Attempt:
        """Counts one more before it is made. Raises OverLimit."""
        place = f"ATTEMPTS#{place_of(rule, whose)}"
        slots = [f"slot{number}" for number in range(rule.scaled(settings().limits_scale).most)]
        for _ in range(_MOST_ROUNDS):
            row = self._table.get(place) or {}
            free = next((slot for slot in slots if _ends_in(row.get(slot), now) <= 0), None)
            if free is None:
                raise OverLimit(retry_after_seconds=min(_ends_in(row[slot], now) for slot in slots))
            attempt = Attempt(place, free, chance.token(_MARK_BYTES).hex())
            with suppress(Refused):  # somebody else had the slot first
                self._occupy(attempt, row, now + timedelta(seconds=rule.window_seconds))
                return attempt
        raise OverLimit(retry_after_seconds=1)  # as many at once as nobody types

    def forgive(self, attempt: Attempt) -> None:
        """As if it had never been."""
        with suppress(Refused):  # forgotten already
            self._table.update(attempt.place, "-", {attempt.slot: None}, equals(f"{attempt.slot}.mark", attempt.mark))

    def _occupy(self, attempt: Attempt, row: Mapping[str, Any], until: datetime) -> None:
        before = row.get(attempt.slot)
        is_still_free = absent(attempt.slot) if before is None else equals(f"{attempt.slot}.mark", before["mark"])
        taken = {"until": in_milliseconds(until), "mark": attempt.mark}
        kept_until = in_seconds(until + _KEPT_LONGER)
        self._table.update(attempt.place, "-", {attempt.slot: taken, "v": 1, "ttl": kept_until}, is_still_free)


def _ends_in(slot: Mapping[str, Any] | None, now: datetime) -> float:
    """Seconds; none for a slot that was never taken."""
    return (slot["until"] - in_milliseconds(now)) / 1000 if slot else 0
