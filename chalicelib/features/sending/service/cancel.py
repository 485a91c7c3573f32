"""Stopping a run: what was pushed stays pushed, the rest is counted as skipped, soon."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.core.errors import Stale
from chalicelib.features.sending.model.run import Run, State
from chalicelib.features.sending.service.look import look_again
from chalicelib.features.sending.service.patience import patiently
from chalicelib.features.sending.service.ports import Ports

_TRIES = 5


async def cancel(ports: Ports, *, tenant_id: str, run_id: str) -> Run | None:
    """None when there is no such run (yet). One that is over, or cancelled already, stays as it is."""
    for _ in range(_TRIES):
        run = await patiently(ports.runs.get, tenant_id, run_id)
        if run is None or run.is_over or run.state is State.CANCELLED:
            return run
        now = ports.clock.now()
        try:
            cancelled = replace(run, state=State.CANCELLED, reissued_at=None, waves=0)
            run = await look_again(ports, cancelled, now)
        except Stale:
            continue
        await patiently(ports.wakes.look, run)
        return run
    raise Stale
