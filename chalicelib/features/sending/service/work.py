"""A wake-up: deliver the batch, then see to it that whatever is left is not forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from chalicelib.core.errors import Stale
from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.guard import awaits_verdict
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.service.close import close_if_done
from chalicelib.features.sending.service.deliver import deliver
from chalicelib.features.sending.service.look import look_by
from chalicelib.features.sending.service.patience import patiently
from chalicelib.features.sending.service.ports import Ports

_LONGEST_WAKE = timedelta(minutes=14, seconds=58)  # SQS delays no message longer than fifteen minutes
_CLOCKS_DIFFER_BY_SECONDS = 1  # a wake-up that comes early finds a batch that waits, and is lost


async def work(ports: Ports, *, tenant_id: str, run_id: str, number: int, deadline: datetime) -> None:
    run = await patiently(ports.runs.get, tenant_id, run_id)
    if run is None:
        return
    batch = await deliver(ports, run, number, deadline=deadline)
    if batch is None:
        return
    if not (batch.is_final or awaits_verdict(run, batch.progress)):
        await _come_back(ports, run, batch)
    elif run.is_small:
        await close_if_done(ports, tenant_id=tenant_id, run_id=run_id)


async def _come_back(ports: Ports, run: Run, batch: Batch) -> None:
    now = ports.clock.now()
    at = batch.next_at or now
    if at - now <= _LONGEST_WAKE:
        delay_seconds = ceil((at - now).total_seconds()) + _CLOCKS_DIFFER_BY_SECONDS if at > now else 0
        await patiently(ports.wakes.send, run.lane, run, [batch.number], delay_seconds=delay_seconds)
        return
    try:
        await look_by(ports, run.tenant_id, run.id, at)
    except Stale:
        return  # whoever wrote the run saw this batch, or looks again within a minute
