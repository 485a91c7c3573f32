"""The look at a run: is it done, has anything been lost, when to look again. Nothing is lost for longer than this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.core.errors import Stale
from chalicelib.features.due.model import Entry
from chalicelib.features.sending.model import ring
from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.guard import awaits_verdict
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.service import pace
from chalicelib.features.sending.service.believe import believe
from chalicelib.features.sending.service.close import are_final, close
from chalicelib.features.sending.service.inform import inform
from chalicelib.features.sending.service.look import look_again
from chalicelib.features.sending.service.patience import patiently
from chalicelib.features.sending.service.plan import plan, wake
from chalicelib.features.sending.service.ports import Ports

NEXT_LOOK = timedelta(minutes=1)
_FIRST_WAVE = timedelta(minutes=2)
_WIDEST_WAVE = timedelta(minutes=16)
_WAVE_SIZE = 1_000
_EARLY = timedelta(seconds=1)


async def sweep(ports: Ports, entry: Entry, *, deadline: datetime) -> None:
    now = ports.clock.now()
    run = await patiently(ports.runs.get, entry.tenant_id, entry.id)
    if not await patiently(ports.calendar.settle, entry, run.look_at if run else None, now=now):
        return
    if run is None or run.is_over:
        await patiently(ports.calendar.done, entry)
    elif entry.at <= now + _EARLY:
        try:
            await look(ports, run, deadline=deadline)
        except Stale:
            return  # another look was faster, or the run moved: its own entry says when to look again


async def look(ports: Ports, run: Run, *, deadline: datetime | None = None) -> None:
    if run.batches is None:
        await plan(ports, run, deadline=deadline)
        return
    if pace.has_wakes_left(run) and not await _is_held(ports, run):
        await wake(ports, await look_again(ports, run, ports.clock.now() + NEXT_LOOK), deadline=deadline)
        return
    await inform(ports, run)
    batches = await patiently(ports.batches.of_run, run.tenant_id, run)
    if are_final(run, batches):
        await close(ports, run, batches)
        return
    now = ports.clock.now()
    if run.is_paused(now=now):
        await look_again(ports, run, run.expires_at)
    elif await patiently(ports.switch.is_stopped, run.tenant_id):
        await look_again(ports, run, now + NEXT_LOOK)
    elif not await believe(ports, run, batches):
        await _go_on(ports, run, batches, now, deadline)


async def _is_held(ports: Ports, run: Run) -> bool:
    """Nobody who was woken now would do anything."""
    return run.is_paused(now=ports.clock.now()) or await patiently(ports.switch.is_stopped, run.tenant_id)


async def _go_on(ports: Ports, run: Run, batches: Sequence[Batch], now: datetime, deadline: datetime | None) -> None:
    """A wave for what may be lost, and wake-ups for what a throttle has held back so far."""
    suspects = _suspects(run, batches, now)
    wave = suspects[:_WAVE_SIZE] if now >= _next_wave(run) else []
    changed = replace(run, reissued_at=now, waves=run.waves + 1) if wave else run
    if is_short := pace.is_short_of_wakes(run, now=now):
        changed = pace.extended(changed, now=now)
    at = now + NEXT_LOOK if wave else _next_look(changed, batches, suspects, now)
    changed = await look_again(ports, changed, at)
    if wave:
        await patiently(ports.wakes.send, changed.lane, changed, wave)
    if is_short:
        await wake(ports, changed, deadline=deadline)


def _suspects(run: Run, batches: Sequence[Batch], now: datetime) -> list[int]:
    """Unstarted, or dropped by a worker that is gone, or past the time it was to wake. What waits as planned is not.

    In the order in which they were planned: a wave of neighbours on the ring would meet on one partition.
    """
    stops = run.stops_pushing(now=now) is not None
    fine = {
        batch.number
        for batch in batches
        if batch.is_final
        or batch.is_leased(now=now)
        or (batch.is_waiting(now=now) and not stops)
        or awaits_verdict(run, batch.progress)
    }
    missing = (number for number in ring.spread(run.batches or 0) if number not in fine)
    return [number for number in missing if stops or run.is_released(number, now=now)]


def _next_wave(run: Run) -> datetime:
    """Each wave waits longer than the one before: what was sent may still be in the queue."""
    if run.reissued_at is None:
        return run.created_at
    return run.reissued_at + min(_WIDEST_WAVE, _FIRST_WAVE * float(2 ** min(run.waves, 8)))


def _next_look(run: Run, batches: Sequence[Batch], suspects: Sequence[int], now: datetime) -> datetime:
    """Who waits for the sum of the run waits for those that are leased, suspected or put off: nobody looks for that."""
    if suspects or any(batch.is_leased(now=now) for batch in batches):
        return now + NEXT_LOOK
    looks = [batch.next_at for batch in batches if batch.next_at is not None and not batch.is_final]
    if (wakes_run_out_at := pace.wakes_run_out_at(run)) is not None:
        looks.append(wakes_run_out_at)
    if (releases_next_at := pace.releases_next_at(run, now=now)) is not None:
        looks.append(releases_next_at + NEXT_LOOK)
    return max(now + _EARLY, min([*looks, run.expires_at]))
