"""When batches are woken, and how far that has come: all at once, or a throttled run's one by one, each with its delay.
Pure. A place is a batch's position in the order of the wakes, which is that of the releases, too.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from math import ceil

from chalicelib.features.sending.model import ring
from chalicelib.features.sending.model.run import Run

HORIZON = timedelta(minutes=14)  # SQS delays no message longer than fifteen minutes
_SOON = timedelta(minutes=2)


@dataclass(frozen=True)
class Step:
    """Wake-ups that leave together."""

    numbers: list[int]
    delay_seconds: int


def unwoken(run: Run) -> range:
    """The places of those that may be woken, which is up to `woken_until`, and are not known to have been."""
    return range(run.woken or 0, _place_after(run, run.woken_until))


def has_wakes_left(run: Run) -> bool:
    """Its planner has not come to its end; what leaves in one go is not counted, and left to the sweeper's waves."""
    return run.woken is not None and bool(unwoken(run))


def first_step(run: Run, places: range, *, now: datetime, most: int) -> Step:
    """Those at the head of `places` that have the same delay."""
    delay_seconds = _delay_seconds(run, places[0], now)
    step = takewhile(lambda place: _delay_seconds(run, place, now) == delay_seconds, places[:most])
    return Step([ring.place_of(place, run.batches or 0) for place in step], delay_seconds)


def extended(run: Run, *, now: datetime) -> Run:
    """To the next horizon. Whoever is released before this one, or while a pause lasted, was woken or is for a wave."""
    return replace(run, woken=_place_after(run, run.woken_until or now), woken_until=now + HORIZON)


def _place_after(run: Run, until: datetime | None) -> int:
    """Of the first that is released later; a run without a throttle keeps nobody back."""
    batches = run.batches or 0
    if run.order.throttle_per_minute is None:
        return batches
    if until is None:
        return 0
    return bisect_right(range(batches), until, key=lambda place: _release_at(run, place))


def _release_at(run: Run, place: int) -> datetime:
    return run.release_at(ring.place_of(place, run.batches or 0))


def _delay_seconds(run: Run, place: int, now: datetime) -> int:
    """None without a throttle, however far the clock of the planner was ahead."""
    if run.order.throttle_per_minute is None:
        return 0
    return max(0, ceil((_release_at(run, place) - now).total_seconds()))


def is_short_of_wakes(run: Run, *, now: datetime) -> bool:
    if run.order.throttle_per_minute is None:
        return False
    return run.woken_until is None or now >= run.woken_until - _SOON


def wakes_run_out_at(run: Run) -> datetime | None:
    if run.order.throttle_per_minute is None or run.woken_until is None or run.batches is None:
        return None
    last = run.release_at(run.batches - 1)  # all bits set: it stays last when they are reversed
    return None if last <= run.woken_until else run.woken_until - _SOON


def releases_next_at(run: Run, *, now: datetime) -> datetime | None:
    """When the next batch that is held back may go; somebody has to see then whether it did."""
    if run.order.throttle_per_minute is None:
        return None
    return min((at for at in map(run.release_at, range(run.batches or 0)) if at > now), default=None)
