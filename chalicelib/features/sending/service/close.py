"""The end of a run: all batches final, sums written once, its owner told. Every step may be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from chalicelib.core.errors import Stale
from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.guard import awaits_verdict
from chalicelib.features.sending.model.news import concerns_owners
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.model.totals import totals_of
from chalicelib.features.sending.service.believe import believe
from chalicelib.features.sending.service.patience import patiently
from chalicelib.features.sending.service.ports import Ports


async def close_if_done(ports: Ports, *, tenant_id: str, run_id: str) -> None:
    """For small runs: the worker that stored the last final record closes the run at once, unless its look has a letter
    to write about it.
    """
    run = await patiently(ports.runs.get, tenant_id, run_id)
    if run is None or run.batches is None or run.is_over:
        return
    batches = await patiently(ports.batches.of_run, tenant_id, run)
    if are_final(run, batches):
        if not any(concerns_owners(batch.progress) for batch in batches):
            await close(ports, run, batches)
    elif any(awaits_verdict(run, batch.progress) for batch in batches):
        with suppress(Stale):  # the run moved meanwhile: its next look decides
            await believe(ports, run, batches)


def are_final(run: Run, batches: Sequence[Batch]) -> bool:
    return len(batches) == run.batches and all(batch.is_final for batch in batches)


async def close(ports: Ports, run: Run, batches: Sequence[Batch]) -> None:
    now = ports.clock.now()
    counts = totals_of(run, batches).counts
    ended = replace(run, state=run.ends_as(counts, now=now), totals=counts, finished_at=now, look_at=None)
    try:
        await patiently(ports.campaigns.finish, ended, now=now)
        await patiently(ports.runs.save, run.tenant_id, ended)
    except Stale:
        return  # closed by another, or moved meanwhile: the next look sees to it
    look_at = run.look_at
    if look_at is not None:
        await patiently(ports.calendar.drop, run, look_at)
