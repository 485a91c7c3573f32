"""Who hears that a push host is closed to a site, or that its "gone" is not believed."""

from __future__ import annotations

from chalicelib.aws import telemetry
from chalicelib.features.sending.model.gate import Gate
from chalicelib.features.sending.model.run import Run


class LoudNotices:
    async def changed(self, run: Run, gate: Gate) -> None:
        facts = {"tenant_id": run.tenant_id, "site_id": run.site_id, "run_id": run.id}
        if gate.is_suspected:
            telemetry.alarm("gone_not_believed", count=gate.gone, **facts)
        elif gate.closure is not None:
            telemetry.warn("host_closed", reason=gate.closure.value, **facts)
