"""How a pile of reports becomes portions that a transaction takes: run by run, each event once. For `counting`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import NamedTuple

from chalicelib.features.analytics.model import Event, Kind, Report, figures_of_one, is_beyond_marks

MOST_AT_ONCE = 97  # a transaction takes a hundred rows, one of them the sums'
MOST_SUMS = 80  # changed by it: DynamoDB takes 4,096 bytes of an expression, and each of them is some forty
_STRETCH = 1_000  # events: a hundred reports of clicks, or of fifty each a few times over

Placed = tuple[int, Report]
_Told = tuple[Event, set[int]]  # with the places of all reports that tell it


class Portion(NamedTuple):
    tenant_id: str
    run_id: str
    told: list[_Told]

    @property
    def places(self) -> set[int]:
        return set().union(*(places for _, places in self.told))


def stretches(reports: Sequence[Report]) -> Iterator[list[Placed]]:
    """As many reports as are a few seconds' work, whatever is in them. Who runs out of time has wholly done those
    before the last, so that what comes again is less each time.
    """
    stretch: list[Placed] = []
    events = 0
    for place, report in enumerate(reports):
        if events + len(report.events) > _STRETCH and stretch:
            yield stretch
            stretch, events = [], 0
        stretch.append((place, report))
        events += len(report.events)
    if stretch:
        yield stretch


def rounds(reports: Iterable[Placed], *, now: datetime) -> Iterator[list[Portion]]:
    """The first portion of each run, then the second …: two of the same run would be in each other's way."""
    runs: dict[tuple[str, str], dict[tuple[Kind, bytes], _Told]] = defaultdict(dict)
    for place, report in reports:
        for event in report.events:
            if not is_beyond_marks(event, now=now):
                told = runs[report.tenant_id, event.run_id]
                told.setdefault((event.kind, event.mark), (event, set()))[1].add(place)
    portions = ([Portion(*run, some) for some in _portions(told.values())] for run, told in runs.items())
    for some in zip_longest(*portions):
        yield [portion for portion in some if portion is not None]


def _portions(told: Iterable[_Told]) -> Iterator[list[_Told]]:
    """Of some, at least one."""
    portion: list[_Told] = []
    sums: set[str] = set()
    for each in told:
        named = figures_of_one(each[0]).keys()
        if portion and (len(portion) == MOST_AT_ONCE or len(sums | named) > MOST_SUMS):
            yield portion
            portion, sums = [], set()
        portion.append(each)
        sums |= named
    yield portion
