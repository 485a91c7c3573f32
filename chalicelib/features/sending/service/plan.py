"""The plan of a run: how many batches, by the density of a sample, and a wake-up for each. It keeps no list."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.features.due.model import no_earlier
from chalicelib.features.sending.model import ring
from chalicelib.features.sending.model.run import Estimate, Run, State
from chalicelib.features.sending.service import pace
from chalicelib.features.sending.service.look import look_again, look_now
from chalicelib.features.sending.service.patience import patiently
from chalicelib.features.sending.service.ports import Ports

SAMPLE_ROWS = 1_000
FIRST_LOOK = timedelta(minutes=1)
_LAST_STEPS = timedelta(seconds=20)  # a step of a thousand wake-ups on a slow day, and its note


async def launch(ports: Ports, run: Run, *, deadline: datetime | None = None) -> Run:
    """Writes the run, with its entry in the calendar, and plans it. The same run again is the same run. One for chosen
    browsers asks nobody how many there are, so it stands planned from its first row on.
    """
    if run.is_for_chosen:
        run = await _divided(ports, run)
    look_at = no_earlier(run.created_at + FIRST_LOOK, than=ports.clock.now())
    standing = await patiently(ports.runs.add, run.tenant_id, replace(run, look_at=look_at))
    return await plan(ports, standing, deadline=deadline)


async def plan(ports: Ports, run: Run, *, deadline: datetime | None = None) -> Run:
    """None: it is known to be small, or there is time enough."""
    if run.batches is None:
        run = await look_again(ports, await _divided(ports, run), ports.clock.now() + FIRST_LOOK)
    return run if run.is_paused(now=ports.clock.now()) else await wake(ports, run, deadline=deadline)


async def wake(ports: Ports, run: Run, *, deadline: datetime | None = None) -> Run:
    """Every batch that has a time to be woken at and is not known to be. How far that has come is noted now and then:
    whoever finds the run after a death goes on from there, and so does another when time is up. Raises Stale when the
    run has moved meanwhile; then somebody looks at it, and goes on.
    """
    places, noted = pace.unwoken(run), run.woken
    while places:
        step = pace.first_step(run, places, now=ports.clock.now(), most=ports.tuning.wakes_per_note)
        await patiently(ports.wakes.send, run.lane, run, step.numbers, delay_seconds=step.delay_seconds)
        places = places[len(step.numbers) :]
        if noted is None:
            continue
        if places and deadline is not None and ports.clock.now() >= deadline - _LAST_STEPS:
            return await look_now(ports, replace(run, woken=places.start))
        if not places or places.start - noted >= ports.tuning.wakes_per_note:
            run = await patiently(ports.runs.save, run.tenant_id, replace(run, woken=places.start))
            noted = places.start
    return run


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
        woken=0 if batches > ports.tuning.wakes_per_note else None,
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
