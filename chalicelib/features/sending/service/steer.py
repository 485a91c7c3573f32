"""Stopping, holding and letting go of a run. What was pushed stays pushed; workers hear of it within seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from chalicelib.core.errors import Stale
from chalicelib.features.sending.model.run import Run, State
from chalicelib.features.sending.service.look import look_now
from chalicelib.features.sending.service.patience import patiently
from chalicelib.features.sending.service.ports import Ports

_TRIES = 5
_GOING = {State.PLANNED, State.SENDING}


async def cancel(ports: Ports, *, tenant_id: str, run_id: str) -> Run | None:
    """Whoever was not reached is counted as skipped. None when there is no such run (yet)."""
    return await _turn(ports, tenant_id, run_id, _cancelled)


async def pause(ports: Ports, *, tenant_id: str, run_id: str) -> Run | None:
    """Nobody else is reached until it is resumed, or expires."""
    return await _turn(ports, tenant_id, run_id, _paused)


async def resume(ports: Ports, *, tenant_id: str, run_id: str) -> Run | None:
    return await _turn(ports, tenant_id, run_id, _resumed)


def _cancelled(run: Run, _now: datetime) -> Run:
    if run.state is State.CANCELLED:
        return run
    return replace(run, state=State.CANCELLED, reissued_at=None, waves=0)


def _paused(run: Run, now: datetime) -> Run:
    return run.paused(now=now) if run.state in _GOING else run


def _resumed(run: Run, now: datetime) -> Run:
    return run.resumed(now=now) if run.state is State.PAUSED else run


async def _turn(ports: Ports, tenant_id: str, run_id: str, turned: Callable[[Run, datetime], Run]) -> Run | None:
    """One that is over, or turned already, stays as it is."""
    for _ in range(_TRIES):
        run = await patiently(ports.runs.get, tenant_id, run_id)
        if run is None or run.is_over:
            return run
        now = ports.clock.now()
        changed = turned(run, now)
        if changed is run:
            return run
        try:
            return await look_now(ports, changed)
        except Stale:
            continue
    raise Stale
