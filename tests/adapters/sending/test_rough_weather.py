"""The engine over real sockets and a push service that misbehaves by seed: the ledger there and the counts here agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from chalicelib.channels import registry
from chalicelib.core import chance, drive
from chalicelib.core.encoding import unb64url
from chalicelib.core.identity import Mode
from chalicelib.core.receipts import Receipts
from chalicelib.features.sending.adapters.webpush import WebPushChannel
from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.model.totals import totals_of
from chalicelib.features.sending.service.deliver import deliver
from chalicelib.features.sending.service.ports import Ports, Recipient, Tuning
from chalicelib.features.subscriptions.model import Packed, pack
from chalicelib.features.subscriptions.model import Recipient as Row
from infra.local.connector import Everywhere
from infra.local.push_service.service import PushService
from tests.adapters.channels.wires import H1, H2, Led
from tests.adapters.sending.test_webpush_channel import Keys
from tests.fakes.clock import ManualClock
from tests.fakes.nowhere import Nowhere
from tests.unit.sending.scene import Scene

BROWSERS = 150
WEATHER = {
    "gone": 0.05,
    "throttled": 0.05,
    "broken": 0.03,
    "unavailable": 0.03,
    "reset": 0.01,
    "reset_stream": 0.02,
    "refuse_stream": 0.02,
    "goaway": 0.01,
    "garbage": 0.01,
    "lose_answer": 0.02,
    "truncate": 0.03,
}


class Rows:
    def __init__(self, seed: int) -> None:
        self.rows: list[Row] = []
        self.buried: set[bytes] = set()
        self.misfits: set[bytes] = set()
        self.endpoints: dict[bytes, str] = {}
        for number in range(BROWSERS):
            browser = PushService.simulated(seed, number)
            key = ((number << 128) // BROWSERS).to_bytes(16)
            keys = (unb64url(browser["keys"]["p256dh"]), unb64url(browser["keys"]["auth"]))
            self.rows.append(Row(key, True, 0, "vap_1", None, pack(Packed(browser["endpoint"], *keys))))
            self.endpoints[key] = browser["endpoint"]

    async def read(
        self, _tenant_id: str, _site_id: str, *, start: bytes, end: bytes, limit: int
    ) -> tuple[Sequence[Recipient], bool]:
        found = [row for row in self.rows if start <= row.key <= end]
        return found[:limit], len(found) > limit

    async def pick(self, _tenant_id: str, _site_id: str, keys: Sequence[bytes]) -> Sequence[Recipient]:
        return [row for row in self.rows if row.key in keys]

    async def bury(self, _tenant_id: str, _site_id: str, *, key: bytes, active_since: int, at: object) -> None:
        assert active_since == 0
        self.buried.add(key)

    async def note_misfit(self, _tenant_id: str, _site_id: str, *, key: bytes, active_since: int) -> None:
        assert active_since == 0
        self.misfits.add(key)


@pytest.fixture
def service() -> Iterator[PushService]:
    with PushService() as running:
        yield running
        registry.use(Nowhere())


def to_the_end(ports: Ports, run: Run, clock: ManualClock) -> Batch:
    for _ in range(60):
        deadline = clock.now().replace(year=clock.now().year + 1)
        batch = drive.run(deliver(ports, run, 0, deadline=deadline))
        assert batch is not None
        if batch.is_final:
            return batch
        assert batch.next_at is not None
        clock.advance(seconds=(batch.next_at - clock.now()).total_seconds())
    raise AssertionError("it never ends")


@pytest.mark.parametrize("version", [H2, H1], ids=["h2", "http/1.1"])
@pytest.mark.parametrize("seed", range(3))
def test_nobody_is_lost_and_every_doubt_is_counted(
    service: PushService, clock: ManualClock, seed: int, version: int
) -> None:
    registry.use(Led(Everywhere(port=service.port, ca_path=service.ca_path), version=version))
    service.set_rules([{"chaos": {"seed": seed, "rates": WEATHER, "retry_after": ["none", "seconds", "garbage"]}}])
    scene, audience = Scene(), Rows(seed)
    ports = replace(
        scene.ports,
        audience=audience,
        channel=WebPushChannel(Keys(), receipts=lambda: Receipts(b"pepper"), clicks="https://push.example.com/c/"),
        clock=clock,
        chance=chance.SystemChance(),
        tuning=Tuning(window=64),
    )
    run = scene.launch(
        id=f"run_{seed:026}",
        tenant_id=f"ten_{seed:026}",
        mode=Mode.LIVE,
        expires_at=clock.now().replace(year=clock.now().year + 1),
    )
    batch = to_the_end(ports, run, clock)

    counts = batch.progress.counts
    totals = totals_of(run, [batch])
    accepted = service.ledger.accepted_counts()
    assert (totals.audience, totals.pending) == (BROWSERS, 0)
    assert totals.family("gone") == len(audience.buried) > 0
    assert totals.family("accepted") <= len(accepted)
    assert len(accepted) - totals.family("accepted") <= counts.get("unknown", 0)
    assert sum(accepted.values()) - len(accepted) <= counts.get("unknown", 0)
    assert not {audience.endpoints[key] for key in audience.buried} & set(accepted)
