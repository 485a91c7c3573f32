"""When a run is looked at next. New entry first, then the run, then the old entry goes: a crash leaves one too many."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.service.patience import patiently
from chalicelib.features.sending.service.ports import Ports


async def look_again(ports: Ports, run: Run, at: datetime) -> Run:
    """Saves the run as given, with its look moved to `at`. Raises Stale when somebody else wrote it."""
    before = run.look_at
    look_at = await patiently(ports.calendar.put, run, at, now=ports.clock.now())
    saved = await patiently(ports.runs.save, run.tenant_id, replace(run, look_at=look_at))
    if before is not None and before != look_at:
        await patiently(ports.calendar.drop, run, before)
    return saved


async def look_now(ports: Ports, run: Run) -> Run:
    """As `look_again`, and whoever looks is called at once; should the call be lost, there is the calendar."""
    run = await look_again(ports, run, ports.clock.now())
    await patiently(ports.wakes.look, run)
    return run


async def look_by(ports: Ports, tenant_id: str, run_id: str, at: datetime) -> None:
    """Earlier than planned, if it is planned later than `at`."""
    run = await patiently(ports.runs.get, tenant_id, run_id)
    if run is not None and not run.is_over and (run.look_at is None or run.look_at > at):
        await look_again(ports, run, at)
