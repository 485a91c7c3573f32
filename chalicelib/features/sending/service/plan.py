"""The plan of a run: how many batches, by the density of a sample, and a wake-up for each. It keeps no list."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.features.sending.model import ring
from chalicelib.features.sending.model.run import Estimate, Run, State
from chalicelib.features.sending.service import pace
from chalicelib.features.sending.service.look import look_again
from chalicelib.features.sending.service.patience import patiently
from chalicelib.features.sending.service.ports import Ports

SAMPLE_ROWS = 1_000
FIRST_LOOK = timedelta(minutes=1)


async def launch(ports: Ports, run: Run) -> Run:
    """Writes the run, its entry in the calendar first, and plans it. The same run again is the same run."""
    look_at = await patiently(ports.calendar.put, run, run.created_at + FIRST_LOOK, now=ports.clock.now())
    standing = await patiently(ports.runs.add, run.tenant_id, replace(run, look_at=look_at))
    return await plan(ports, standing)


async def plan(ports: Ports, run: Run) -> Run:
    if run.batches is None:
        run = await look_again(ports, await _divided(ports, run), ports.clock.now() + FIRST_LOOK)
    await wake(ports, run)
    return run


async def wake(ports: Ports, run: Run, *, after: datetime | None = None) -> None:
    """Every batch that is released after `after` and has a time to be woken at."""
    for delay_seconds, numbers in pace.delays(run, now=ports.clock.now(), after=after).items():
        await patiently(ports.wakes.send, run.lane, run, numbers, delay_seconds=delay_seconds)


async def _divided(ports: Ports, run: Run) -> Run:
    if run.is_for_chosen:
        batches, estimate = 1, Estimate(len(run.order.chosen), exact=True)
    else:
        rows, estimate = await _sample(ports, run)
        most = min(ports.tuning.rows_per_batch, run.order.throttle_per_minute or ports.tuning.rows_per_batch)
        batches = ring.batches_for(rows, most)
    now = ports.clock.now()
    return replace(
        run,
        state=State.SENDING if run.state is State.PLANNED else run.state,
        batches=batches,
        estimate=estimate,
        started_at=now,
        woken_until=now + pace.HORIZON,
        reissued_at=now,
    )


async def _sample(ports: Ports, run: Run) -> tuple[float, Estimate]:
    """Rows and audience by density, from a random point of the ring onwards, around it if need be."""
    first = ports.chance.token(ring.KEY_BYTES)
    stretches = [(first, ring.LAST)]
    if first != ring.FIRST:
        stretches.append((ring.FIRST, (int.from_bytes(first) - 1).to_bytes(ring.KEY_BYTES)))
    rows = active = 0
    last = first
    for start, end in stretches:
        at, more = start, True
        while more and rows < SAMPLE_ROWS:
            found, more = await patiently(
                ports.audience.read, run.tenant_id, run.site_id, start=at, end=end, limit=SAMPLE_ROWS - rows
            )
            rows += len(found)
            active += sum(1 for recipient in found if recipient.is_active)
            if found:
                last = found[-1].key
                at = ring.after(last)
    if rows < SAMPLE_ROWS:
        return rows, Estimate(active, exact=True)
    covered = ring.span(first, last)
    return rows / covered, Estimate(round(active / covered), exact=False)
