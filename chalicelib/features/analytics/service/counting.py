"""Counts what waits, many reports at once, each event once: a mark of it is written with the sums, or neither."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Protocol

from chalicelib.core.clock import from_milliseconds
from chalicelib.core.errors import FromTheFuture, Unavailable
from chalicelib.features.analytics.model import Event, Kind, Report

MOST_AT_ONCE = 97  # a transaction takes a hundred rows, one of them the sums'
_Named = tuple[Kind, bytes]
_Run = tuple[str, str]


class Counts(Protocol):
    def add(self, tenant_id: str, run_id: str, events: Sequence[Event]) -> int:
        """How many of these, at most MOST_AT_ONCE, were not counted before. Raises Unavailable."""
        ...


class Lives(Protocol):
    def prove_life(self, tenant_id: str, site_id: str, key: bytes, at: datetime) -> bool:
        """That this browser lived then is worth noting. Raises Unavailable."""
        ...


class Counting:
    def __init__(self, *, counts: Counts, lives: Lives) -> None:
        self._counts = counts
        self._lives = lives

    def count(self, reports: Sequence[Report]) -> set[int]:
        """Places of those that have to come again. To count twice what came twice does no harm."""
        failed: set[int] = set()
        for (tenant_id, run_id), events, places in _portions(reports):
            try:
                self._counts.add(tenant_id, run_id, events)
            except Unavailable:
                failed |= places
        for place, report in enumerate(reports):
            if place not in failed and not self._are_noted(report):
                failed.add(place)
        return failed

    def _are_noted(self, report: Report) -> bool:
        for life in report.lives:
            at = from_milliseconds(life.at * 1000)
            try:
                with suppress(FromTheFuture):  # then newer code sees to it
                    self._lives.prove_life(report.tenant_id, report.site_id, life.key, at)
            except Unavailable:
                return False
        return True


def _portions(reports: Sequence[Report]) -> Iterator[tuple[_Run, list[Event], set[int]]]:
    """Run by run, each event once, with the places of all reports that tell it."""
    runs: dict[_Run, dict[_Named, tuple[Event, set[int]]]] = defaultdict(dict)
    for place, report in enumerate(reports):
        for event in report.events:
            told = runs[report.tenant_id, event.run_id]
            told.setdefault((event.kind, event.mark), (event, set()))[1].add(place)
    for run, told in runs.items():
        left = iter(told.values())
        while portion := list(islice(left, MOST_AT_ONCE)):
            yield run, [event for event, _ in portion], set().union(*(places for _, places in portion))
