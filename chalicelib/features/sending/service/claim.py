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
    if not run.is_over and await _is_held_back(ports, run, number, now):
        return None
    batch = None if run.is_over else await _take(ports, run, number, now)
    if batch is None:
        ports.meter.suppressed(run)
    return batch


async def _is_held_back(ports: Ports, run: Run, number: int, now: datetime) -> bool:
    if run.is_paused(now=now) or not 0 <= number < (run.batches or 0) or _is_early(run, number, now):
        return True
    return await patiently(ports.switch.is_stopped, run.tenant_id)


async def _take(ports: Ports, run: Run, number: int, now: datetime) -> Batch | None:
    batch = await patiently(ports.batches.get, run.tenant_id, run, number)
    batch = batch or Batch.unstarted(run, number)
    if batch.is_final or batch.is_leased(now=now) or _has_time(batch, run, now) or awaits_verdict(run, batch.progress):
        return None
    batch.owner = b64url(ports.chance.token(_OWNER_BYTES))
    batch.leased_until = now + LEASE
    return batch if await patiently(ports.batches.save, run.tenant_id, batch) else None


def _is_early(run: Run, number: int, now: datetime) -> bool:
    """A wake-up from before a pause: the sweeper, or its own time, brings another."""
    return not run.is_released(number, now=now + _CLOCKS_DIFFER_BY) and run.stops_pushing(now=now) is None


def _has_time(batch: Batch, run: Run, now: datetime) -> bool:
    return batch.is_waiting(now=now) and run.stops_pushing(now=now) is None
