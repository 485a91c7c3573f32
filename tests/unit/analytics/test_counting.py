"""Counting, over memory: each event once, and nobody pays for what is wrong with another's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.aws import side_by_side
from chalicelib.core.errors import FromTheFuture, Unavailable
from chalicelib.features.analytics.model import MARKS_KEPT_FOR, Event, Kind, Life, Report
from chalicelib.features.analytics.service.counting import Counting, Each
from tests.unit.analytics.desk import ADA, BEGAN_AT, CYD, NOW, OTHER_RUN, RUN, SITE, Counts


@dataclass
class Lives:
    noted: list[tuple[str, str, bytes, datetime]] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)

    def prove_life(self, tenant_id: str, site_id: str, key: bytes, at: datetime) -> bool:
        if self.trouble:
            raise self.trouble.pop(0)
        self.noted.append((tenant_id, site_id, key, at))
        return True


def event(number: int, kind: Kind = Kind.DISPLAYED, run_id: str = RUN) -> Event:
    began = int(BEGAN_AT.timestamp())
    return Event(kind, run_id, number.to_bytes(16), began, began + 60, 1)


def report(*events: Event, lives: tuple[Life, ...] = (), tenant_id: str = ADA) -> Report:
    return Report(tenant_id, SITE, events, lives)


def count(
    counts: Counts,
    reports: Sequence[Report],
    *,
    lives: Lives | None = None,
    each: Each = side_by_side.each,
    now: datetime = NOW,
    has_time: Callable[[], bool] = lambda: True,
) -> set[int]:
    return Counting(counts=counts, lives=lives or Lives(), each=each).count(reports, now=now, has_time=has_time)


def test_reports_of_a_run_are_counted_together() -> None:
    counts = Counts()
    reports = [report(event(number), event(number, Kind.CLICKED)) for number in range(10)]
    assert count(counts, reports) == set()
    assert counts.calls == [(RUN, 20)]
    assert (counts.figures().count(Kind.DISPLAYED), counts.figures().count(Kind.CLICKED)) == (10, 10)


def test_what_is_told_twice_counts_once_whoever_tells_it() -> None:
    counts = Counts()
    for _ in range(2):
        assert count(counts, [report(event(1), event(1)), report(event(1))]) == set()
    assert counts.figures().count(Kind.DISPLAYED) == 1


def test_each_run_and_tenant_is_counted_for_itself() -> None:
    counts = Counts()
    count(counts, [report(event(1), event(1, run_id=OTHER_RUN)), report(event(1), tenant_id=CYD)])
    assert counts.counted.keys() == {(ADA, RUN), (ADA, OTHER_RUN), (CYD, RUN)}


def test_no_transaction_takes_more_than_it_may() -> None:
    counts = Counts()
    count(counts, [report(*(event(10 * number + each) for each in range(10))) for number in range(20)])
    assert counts.calls == [(RUN, 97), (RUN, 97), (RUN, 6)]


def test_no_transaction_changes_more_sums_than_it_may() -> None:
    """Each hour of each kind has one of its own: what a browser tells of three days at once has a hundred of them."""
    began = int(BEGAN_AT.timestamp())
    told = [
        Event(kind, RUN, bytes([hour]) * 16, began, began + hour * 3_600, hour % 5, 1, value=1)
        for hour in range(72)
        for kind in Kind
    ]
    counts = Counts()
    assert count(counts, [report(*told[start : start + 100]) for start in range(0, 360, 100)]) == set()
    assert sum(counts.figures().told.values()) == 360
    assert len(counts.calls) < 10


def test_what_breaks_the_store_brings_back_its_own_reports_alone() -> None:
    counts = Counts(broken_for={OTHER_RUN})
    reports = [report(event(1)), report(event(2), event(2, run_id=OTHER_RUN)), report(event(3), tenant_id=CYD)]
    assert count(counts, reports) == {1}
    assert counts.figures().count(Kind.DISPLAYED) == 3


def test_a_run_is_counted_in_order_so_that_no_two_portions_of_it_meet() -> None:
    """However many threads there are: two transactions that add to the same sums would refuse each other."""
    at_once: list[list[Any]] = []

    def each(do: Any, things: Any) -> list[Any]:
        at_once.append([(thing.tenant_id, thing.run_id) for thing in things if hasattr(thing, "run_id")])
        return side_by_side.each(do, things)

    told = [event(number, run_id=run_id) for number in range(200) for run_id in (RUN, OTHER_RUN)]
    count(Counts(), [report(*told)], each=each)
    assert at_once == [[(ADA, RUN), (ADA, OTHER_RUN)]] * 3 + [[]]


def test_only_those_come_again_that_were_not_counted() -> None:
    counts = Counts(down_for={OTHER_RUN})
    reports = [report(event(1)), report(event(2), event(2, run_id=OTHER_RUN)), report(event(3))]
    assert count(counts, reports) == {1}
    counts.down_for.clear()
    assert count(counts, [reports[1]]) == set()
    assert counts.figures().count(Kind.DISPLAYED) == 4


def test_a_sign_of_life_is_passed_on() -> None:
    lives = Lives()
    count(Counts(), [report(event(1), lives=(Life(b"k" * 16, int(NOW.timestamp())),))], lives=lives)
    assert lives.noted == [(ADA, SITE, b"k" * 16, NOW)]


@pytest.mark.parametrize(("trouble", "again"), [(Unavailable(), {0}), (FromTheFuture(), set())])
def test_a_sign_of_life_that_gets_lost_comes_again(trouble: Exception, again: set[int]) -> None:
    """Unless only newer code can note it, which will have one of its own."""
    lives = Lives(trouble=[trouble])
    told = (Life(b"k" * 16, int(NOW.timestamp())), Life(b"l" * 16, int(NOW.timestamp())))
    reports = [report(event(1), lives=told), report(event(2), lives=told[:1])]
    assert count(Counts(), reports, lives=lives) == again


def test_no_life_is_noted_of_what_comes_again_anyway() -> None:
    lives = Lives()
    told = (Life(b"k" * 16, int(NOW.timestamp())),)
    assert count(Counts(down_for={RUN}), [report(event(1), lives=told)], lives=lives) == {0}
    assert lives.noted == []


def test_when_time_is_up_what_is_left_comes_again_and_finds_the_rest_counted() -> None:
    """Every `ntf_` is a run of its own, so a batch may be ten thousand transactions, and as many signs of life."""
    left, counts, lives = [0], Counts(), Lives()

    def has_time() -> bool:
        left[0] -= 1
        return left[0] >= 0

    reports = [
        report(
            *(event(1, run_id=f"run_{100 * number + each}") for each in range(100)),
            lives=tuple(Life(bytes([number, each]), int(NOW.timestamp())) for each in range(100)),
        )
        for number in range(30)
    ]
    again, rounds = list(range(30)), 0
    while again:
        left[0] = 2_500
        failed = count(counts, [reports[place] for place in again], lives=lives, has_time=has_time)
        assert len(failed) <= max(0, len(again) - 10), "a stretch at least is done each time"
        again, rounds = [again[place] for place in sorted(failed)], rounds + 1
    assert rounds > 1
    assert counts.figures().count(Kind.DISPLAYED) == len(lives.noted) == 3_000


def test_no_sign_of_life_is_lost_when_time_is_up_between_it_and_its_event() -> None:
    left = iter([True, False])
    lives = Lives()
    told = report(event(1), lives=(Life(b"k" * 16, int(NOW.timestamp())),))
    assert count(Counts(), [told], lives=lives, has_time=lambda: next(left)) == {0}
    assert lives.noted == []


def test_what_waited_until_its_marks_may_be_gone_is_not_counted_again() -> None:
    """A dead letter that somebody sends back after a month and a half."""
    counts = Counts()
    gone_at = BEGAN_AT + MARKS_KEPT_FOR
    assert count(counts, [report(event(1))], now=gone_at) == set()
    assert counts.calls == []
    assert count(counts, [report(event(1))], now=gone_at - timedelta(seconds=1)) == set()
    assert counts.figures().count(Kind.DISPLAYED) == 1
