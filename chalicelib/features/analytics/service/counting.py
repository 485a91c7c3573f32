"""Counts what waits, many reports at once, each event once: a mark of it is written with the sums, or neither.

Reports of all tenants are counted together, so none of them may take others with it: what goes wrong with a portion
brings back those alone that have a part in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import NamedTuple, Protocol, TypeVar

from chalicelib.core.clock import from_milliseconds
from chalicelib.core.errors import FromTheFuture, Unavailable
from chalicelib.features.analytics.model import Event, Life, Report
from chalicelib.features.analytics.service.portions import Placed, Portion, rounds, stretches

T = TypeVar("T")


class Counts(Protocol):
    def add(self, tenant_id: str, run_id: str, events: Sequence[Event]) -> int:
        """How many of these, at most MOST_AT_ONCE in MOST_SUMS, were not counted before. Raises Unavailable."""
        ...


class Lives(Protocol):
    def prove_life(self, tenant_id: str, site_id: str, key: bytes, at: datetime) -> bool:
        """That this browser lived then is worth noting. Raises Unavailable."""
        ...


class Each(Protocol):
    def __call__(self, do: Callable[[T], None], things: Sequence[T]) -> list[T]:
        """Those that could not be done, for whatever reason: it is on record."""
        ...


class _Sign(NamedTuple):
    place: int
    report: Report
    life: Life


class Counting:
    """`each` does one thing to many, side by side, and none of them is another's trouble."""

    def __init__(self, *, counts: Counts, lives: Lives, each: Each) -> None:
        self._counts = counts
        self._lives = lives
        self._each = each

    def count(self, reports: Sequence[Report], *, now: datetime, has_time: Callable[[], bool]) -> set[int]:
        """Places of those that have to come again. To count twice what came twice does no harm, and what there was no
        time for finds the rest counted when there is.
        """
        failed: set[int] = set()
        for stretch in stretches(reports):
            failed |= self._count(stretch, now, has_time)
        return failed

    def _count(self, reports: Sequence[Placed], now: datetime, has_time: Callable[[], bool]) -> set[int]:
        failed: set[int] = set()
        for portions in rounds(reports, now=now):
            undone = self._each(partial(_in_time, has_time, self._add), portions)
            failed = failed.union(*(portion.places for portion in undone))
        signs = [
            _Sign(place, report, life) for place, report in reports if place not in failed for life in report.lives
        ]
        return failed | {sign.place for sign in self._each(partial(_in_time, has_time, self._note), signs)}

    def _add(self, portion: Portion) -> None:
        self._counts.add(portion.tenant_id, portion.run_id, [event for event, _ in portion.told])

    def _note(self, sign: _Sign) -> None:
        at = from_milliseconds(sign.life.at * 1000)
        with suppress(FromTheFuture):  # then newer code sees to it
            self._lives.prove_life(sign.report.tenant_id, sign.report.site_id, sign.life.key, at)


def _in_time(has_time: Callable[[], bool], do: Callable[[T], None], thing: T) -> None:
    if not has_time():
        raise Unavailable
    do(thing)
