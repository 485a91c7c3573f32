"""A run: which lane carries it, when it stops pushing, and as what it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.features.sending.model.run import Lane, Run, Source, State
from tests.unit.sending.scene import Scene

RUN = Scene().launch()
END = RUN.expires_at
BEFORE = END - timedelta(seconds=1)


def a_run(**changes: Any) -> Run:
    return replace(RUN, **changes)


@pytest.mark.parametrize(
    ("source", "batches", "lane"),
    [
        (Source.CAMPAIGN, 1, Lane.SMALL),
        (Source.CAMPAIGN, 4, Lane.SMALL),
        (Source.CAMPAIGN, 8, Lane.BULK),
        (Source.CAMPAIGN, None, Lane.BULK),
        (Source.TEST, 1, Lane.SMALL),
        (Source.NOTIFICATION, 1, Lane.TRANSACTIONAL),
        (Source.NOTIFICATION, 8, Lane.TRANSACTIONAL),
    ],
)
def test_each_run_has_its_lane(source: Source, batches: int | None, lane: Lane) -> None:
    assert a_run(source=source, batches=batches).lane is lane


@pytest.mark.parametrize(
    ("state", "is_late", "outcome"),
    [
        (State.SENDING, False, None),
        (State.PAUSED, False, None),
        (State.SENDING, True, "expired"),
        (State.PAUSED, True, "expired"),
        (State.CANCELLED, False, "skipped:cancelled"),
        (State.CANCELLED, True, "skipped:cancelled"),
    ],
)
def test_what_everyone_gets_who_was_not_pushed_to(state: State, *, is_late: bool, outcome: str | None) -> None:
    assert a_run(state=state).stops_pushing(now=END if is_late else BEFORE) == outcome


def test_a_paused_run_expires_like_any_other() -> None:
    paused = a_run(state=State.PAUSED)
    assert paused.is_paused(now=BEFORE)
    assert not paused.is_paused(now=END)
    assert not a_run().is_paused(now=BEFORE)


@pytest.mark.parametrize(
    ("state", "counts", "is_late", "end"),
    [
        (State.SENDING, {"accepted": 9}, False, State.SENT),
        (State.SENDING, {"accepted": 9, "expired": 1}, False, State.SENT),
        (State.SENDING, {"accepted": 9}, True, State.SENT),
        (State.SENDING, {"accepted": 9, "expired": 1}, True, State.EXPIRED),
        (State.PAUSED, {"expired": 10}, True, State.EXPIRED),
        (State.CANCELLED, {"accepted": 9}, False, State.CANCELLED),
        (State.CANCELLED, {"expired": 1}, True, State.CANCELLED),
    ],
)
def test_how_a_run_ends(state: State, counts: dict[str, int], *, is_late: bool, end: State) -> None:
    assert a_run(state=state).ends_as(counts, now=END if is_late else BEFORE) is end


def test_over_is_what_has_been_finished_not_what_was_cancelled() -> None:
    assert not a_run(state=State.CANCELLED).is_over
    assert a_run(finished_at=END).is_over
