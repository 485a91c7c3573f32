"""What a run as a whole says of a host's "gone", when its batches alone could not tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from chalicelib.core.errors import Stale
from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.gate import Gate
from chalicelib.features.sending.model.guard import awaits_verdict, sums, verdicts
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.service.look import look_again
from chalicelib.features.sending.service.patience import patiently
from chalicelib.features.sending.service.ports import Ports

_NEXT_LOOK = timedelta(minutes=1)


async def believe(ports: Ports, run: Run, batches: Sequence[Batch]) -> bool:
    """Whether there was something to decide; then it is on record, and those that waited for it are woken."""
    found = verdicts(run, batches)
    if not found:
        return False
    waiting = [batch.number for batch in batches if awaits_verdict(run, batch.progress)]
    for host in (host for host, belief in found.items() if not belief):
        await _suspect(ports, run, host, *sums(batches)[host])
    decided = replace(run, believed=run.believed | found)
    decided = await look_again(ports, decided, ports.clock.now() + _NEXT_LOOK)
    await patiently(ports.wakes.send, decided.lane, decided, waiting)
    return True


async def _suspect(ports: Ports, run: Run, host: str, answers: int, gone: int) -> None:
    gates = await patiently(ports.gates.of_site, run.tenant_id, run.site_id)
    gate, now = gates.get(host, Gate(host)), ports.clock.now()
    if gate.believes(now=now) is not None:
        return
    try:
        saved = await patiently(
            ports.gates.save, run.tenant_id, run.site_id, gate.suspected(now=now, answers=answers, gone=gone)
        )
    except Stale:
        return  # somebody else writes of it just now; the run remembers in any case
    await ports.notices.changed(run, gate, saved)
