"""A site's owners learn what is theirs to mend when a run is looked at: never by a worker, whose answers from push
services would time out meanwhile.
"""

from __future__ import annotations

from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.service.patience import patiently
from chalicelib.features.sending.service.ports import Ports


async def inform(ports: Ports, run: Run) -> None:
    gates = await patiently(ports.gates.of_site, run.tenant_id, run.site_id)
    if gates:
        await ports.notices.write(run, [gates[host] for host in sorted(gates)])
