"""When batches are woken: all at once, or a throttled run's one by one, each with its delay. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil

from chalicelib.features.sending.model import ring
from chalicelib.features.sending.model.run import Run

HORIZON = timedelta(minutes=14)  # SQS delays no message longer than fifteen minutes
_SOON = timedelta(minutes=2)


def delays(run: Run, *, now: datetime, after: datetime | None = None) -> Mapping[int, list[int]]:
    """Seconds with the batches to be woken that much later: those released after `after`, up to `woken_until`."""
    found: dict[int, list[int]] = defaultdict(list)
    for number in ring.spread(run.batches or 0):
        at = run.release_at(number)
        if (after is None or at > after) and (run.woken_until is None or at <= run.woken_until):
            found[max(0, ceil((at - now).total_seconds()))].append(number)
    return found


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
