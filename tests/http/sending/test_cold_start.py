"""A function that wakes up with four batches in hand."""

from __future__ import annotations

import threading

from chalicelib.aws import side_by_side
from chalicelib.aws.worker import Invocation
from chalicelib.features.sending import worker
from chalicelib.features.sending.schemas.messages import WakeMessage
from chalicelib.features.sending.wiring import ports
from tests.world import World


def test_batches_side_by_side_share_one_set_of_ports(world: World) -> None:
    """Else each would open the site's key for itself, and KMS would be asked four times."""
    ports.cache_clear()
    together = threading.Barrier(4)
    wake = WakeMessage(tenant=world.ada.tenant_id, site="site_x", run="run_x", n=0)
    invocation = Invocation(world.clock.now(), remaining_ms=lambda: 60_000)

    def work(_number: int) -> None:
        together.wait(10)
        worker._work(wake, invocation)

    assert side_by_side.each(work, range(4)) == []
    side_by_side.rest()
    assert ports.cache_info().misses == 1
