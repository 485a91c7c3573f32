"""The look at a run: is it done, has anything been lost, when to look again. Nothing is lost for longer than this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.core.errors import Stale
from chalicelib.features.due.model import Entry
from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.service.close import are_final, close
from chalicelib.features.sending.service.look import look_again
from chalicelib.features.sending.service.patience import patiently
from chalicelib.features.sending.service.plan import plan
from chalicelib.features.sending.service.ports import Ports

NEXT_LOOK = timedelta(minutes=1)
_FIRST_WAVE = timedelta(minutes=2)
_WIDEST_WAVE = timedelta(minutes=16)
_WAVE_SIZE = 1_000
_EARLY = timedelta(seconds=1)


async def sweep(ports: Ports, entry: Entry) -> None:
    now = ports.clock.now()
    run = await patiently(ports.runs.get, entry.tenant_id, entry.id)
    if not await patiently(ports.calendar.settle, entry, run.look_at if run else None, now=now):
        return
    if run is None or run.is_over:
        await patiently(ports.calendar.done, entry)
    elif entry.at <= now + _EARLY:
        try:
            await look(ports, run)
        except Stale:
            return  # another look was faster, or the run moved: its own entry says when to look again


async def look(ports: Ports, run: Run) -> None:
    if run.batches is None:
        await plan(ports, run)
        return
    batches = await patiently(ports.batches.of_run, run.tenant_id, run)
    if are_final(run, batches):
        await close(ports, run, batches)
        return
    now = ports.clock.now()
    if run.is_paused(now=now):
        await look_again(ports, run, run.expires_at)
        return
    suspects = _suspects(run, batches, now)
    if suspects and now >= _next_wave(run):
        run = replace(run, reissued_at=now, waves=run.waves + 1)
        run = await look_again(ports, run, now + NEXT_LOOK)
        await patiently(ports.wakes.send, run.lane, run, suspects[:_WAVE_SIZE])
    else:
        await look_again(ports, run, _next_look(run, batches, suspects, now))


def _suspects(run: Run, batches: Sequence[Batch], now: datetime) -> list[int]:
    """Unstarted, or dropped by a worker that is gone, or past the time it was to wake. What waits as planned is not."""
    stops = run.stops_pushing(now=now) is not None
    fine = {
        batch.number
        for batch in batches
        if batch.is_final or batch.is_leased(now=now) or (batch.is_waiting(now=now) and not stops)
    }
    return [number for number in range(run.batches or 0) if number not in fine]


def _next_wave(run: Run) -> datetime:
    """Each wave waits longer than the one before: what was sent may still be in the queue."""
    if run.reissued_at is None:
        return run.created_at
    return run.reissued_at + min(_WIDEST_WAVE, _FIRST_WAVE * float(2 ** min(run.waves, 8)))


def _next_look(run: Run, batches: Sequence[Batch], suspects: Sequence[int], now: datetime) -> datetime:
    if suspects or any(batch.is_leased(now=now) for batch in batches):
        return now + NEXT_LOOK
    wakes = [batch.next_at for batch in batches if batch.next_at is not None and not batch.is_final]
    return max(now + _EARLY, min([*wakes, run.expires_at]))
