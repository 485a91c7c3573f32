from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from infra.local.clock import LocalClock

NOON = datetime(2030, 6, 1, 12, tzinfo=UTC)


def test_a_standing_clock_moves_only_when_advanced() -> None:
    clock = LocalClock(stands_at=NOON)
    assert clock.now() == clock.now() == NOON
    assert clock.advance(90) == clock.now() == NOON + timedelta(seconds=90)


def test_a_running_clock_runs_and_keeps_what_it_was_advanced_by() -> None:
    machine, clock = LocalClock(), LocalClock(advanced_seconds=3600)
    first = clock.now()
    assert first.tzinfo is UTC
    assert timedelta(hours=1) <= first - machine.now() + timedelta(minutes=1)
    clock.advance(60)
    assert clock.advanced_seconds == 3660
    assert clock.now() >= first + timedelta(seconds=60)


@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan")])
def test_a_clock_never_goes_back_nor_out_of_reach(seconds: float) -> None:
    clock = LocalClock(stands_at=NOON)
    with pytest.raises(ValueError, match="cannot be advanced"):
        clock.advance(seconds)
    assert clock.now() == NOON


def test_no_advance_is_lost_between_threads() -> None:
    clock = LocalClock(stands_at=NOON)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(clock.advance, [1] * 500))
    assert clock.now() == NOON + timedelta(seconds=500)


def test_listeners_hear_of_an_advance() -> None:
    clock, heard = LocalClock(stands_at=NOON), list[datetime]()
    clock.on_advance(lambda: heard.append(clock.now()))
    clock.advance(5)
    assert heard == [NOON + timedelta(seconds=5)]
