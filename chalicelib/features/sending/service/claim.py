"""Taking a batch: at most one worker at a time is meant to hold it, and its lease says until when."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.core.encoding import b64url
from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.guard import awaits_verdict
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.service.patience import patiently
from chalicelib.features.sending.service.ports import Ports

LEASE = timedelta(seconds=90)
_CLOCKS_DIFFER_BY = timedelta(minutes=1)
_OWNER_BYTES = 9


async def claim(ports: Ports, run: Run, number: int) -> Batch | None:
    """None: it is finished, held by another, or has nothing to do yet."""
    now = ports.clock.now()
    if not run.is_over:
        if await _is_held_back(ports, run, number, now):
            return None
        batch = await patiently(ports.batches.get, run.tenant_id, run, number) or Batch.unstarted(run, number)
        if awaits_verdict(run, batch.progress) or _comes_early(batch, run, now):
            return None
        if not _is_taken_care_of(batch, run, now) and await _take(ports, batch, run, now):
            return batch
    ports.meter.suppressed(run)
    return None


async def _is_held_back(ports: Ports, run: Run, number: int, now: datetime) -> bool:
    if run.is_paused(now=now) or not 0 <= number < (run.batches or 0) or _is_early(run, number, now):
        return True
    return await patiently(ports.switch.is_stopped, run.tenant_id)


async def _take(ports: Ports, batch: Batch, run: Run, now: datetime) -> bool:
    batch.owner = b64url(ports.chance.token(_OWNER_BYTES))
    batch.leased_until = now + LEASE
    return await patiently(ports.batches.save, run.tenant_id, batch)


def _is_early(run: Run, number: int, now: datetime) -> bool:
    """A wake-up from before a pause: the sweeper, or its own time, brings another."""
    return not run.is_released(number, now=now + _CLOCKS_DIFFER_BY) and run.stops_pushing(now=now) is None


def _comes_early(batch: Batch, run: Run, now: datetime) -> bool:
    """By a little: what brought it has a clock of its own."""
    return _has_time(batch, run, now) and not batch.is_waiting(now=now + _CLOCKS_DIFFER_BY)


def _is_taken_care_of(batch: Batch, run: Run, now: datetime) -> bool:
    return batch.is_final or batch.is_leased(now=now) or _has_time(batch, run, now)


def _has_time(batch: Batch, run: Run, now: datetime) -> bool:
    return batch.is_waiting(now=now) and run.stops_pushing(now=now) is None
