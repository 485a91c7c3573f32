"""The operator in Ada's installation: his key, and every way of asking with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.aws.queues import Queue
from chalicelib.core import drive
from chalicelib.features.sending.model.gate import Gate
from chalicelib.features.sending.schemas.messages import WakeMessage
from chalicelib.features.sending.store.gates import GateRows
from tests.fakes.gateway import HttpAnswer
from tests.http.campaigns.desk import Desk
from tests.world import World


@dataclass(frozen=True)
class House:
    desk: Desk
    key: str

    @property
    def world(self) -> World:
        return self.desk.world

    @property
    def tenant(self) -> str:
        return f"/v1/ops/tenants/{self.desk.owner.tenant_id}"

    @property
    def site(self) -> str:
        return f"{self.tenant}/sites/{self.desk.site_id}"

    def try_(self, method: str, path: str, **words: Any) -> HttpAnswer:
        return self.world.client.request(method, path, **{"as_": self.key, **words})

    def ask(self, method: str, path: str, **words: Any) -> Any:
        answer = self.try_(method, path, **words)
        assert answer.status == 200, answer.text
        return answer.json()

    def put(self, queue: str, count: int = 1, **words: Any) -> None:
        """Wake-ups that lead nowhere."""
        wakes = (WakeMessage(tenant="ten_a", site="site_a", run="run_a", n=number) for number in range(count))
        Queue(queue).send_many(wakes, group="ten_a", **words)

    def know(self, gate: Gate) -> Gate:
        return drive.run(GateRows().save(self.desk.owner.tenant_id, self.desk.site_id, gate))
