"""One campaign through a private local product, counted: requests to AWS, bytes to push services; then idle minutes.

The product's own modules read their settings when they are imported, so they are imported inside.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infra.cost import assumptions as assumed
from infra.cost.door import Door, Unfinished
from infra.cost.log_lines import LogLines
from infra.cost.meter import Meter, Reading
from infra.cost.wire import Metered, Traffic
from infra.local import aws
from infra.local.connector import Loopback
from infra.local.instance import free_port
from infra.local.start import Options, running

if TYPE_CHECKING:
    from infra.cost.readers import Told
    from infra.local.product import LocalProduct

LANE, TICK = "send", "tick"
MESSAGE = {  # as a shop would write it: pictures are loaded by the browser, only their addresses travel
    "title": "Last hours: 20 % off everything in your basket",
    "body": "The shoes you looked at on Tuesday are still there in your size. Free delivery until midnight tonight.",
    "url": "https://www.shop.example/basket?utm_source=push&utm_medium=web&utm_campaign=spring-sale",
    "icon": "https://cdn.shop.example/push/icons/brand-192.png",
    "image": "https://cdn.shop.example/push/campaigns/2026/spring-sale-hero-720.jpg",
}
_IDLE_MINUTES = 3
_QUIET_SECONDS = 0.3
_LONGEST_SECONDS = 300.0
_FINE = range(200, 300)


@dataclass(frozen=True)
class Run:
    """`look` is one call for the campaign's figures while it runs; `idle` are minutes in which nobody did anything;
    `told` is what browsers told of the campaign, by the ways in which they can.
    """

    subscribers: int
    batches: int
    campaign: Reading
    look: Reading
    idle: Reading
    traffic: Traffic
    endpoint_bytes: int
    plaintext_bytes: int
    logged_bytes: int
    told: Mapping[str, Told] = field(default_factory=dict)


def demo_run(*, subscribers: int) -> Run:
    meter = Meter(prefix=aws.PREFIX)
    options = Options(port=free_port(), keeps_state=False, subscribers=subscribers)
    logs = LogLines()
    with meter.attached(), logs.attached(), running(options) as product, _metered(product, meter) as wire:
        return _Walk(product, meter).walk(wire, logs)


@contextmanager
def _metered(product: LocalProduct, meter: Meter) -> Iterator[Metered]:
    from chalicelib.channels import registry

    parts = product.parts
    meter.weigh_with(aws.client("dynamodb"))
    for source in parts.runner.sources:
        source.function = meter.metered(source.function, clock=parts.clock)
    parts.push_service.set_rules([{"match": {"fraction": assumed.GONE_SHARE}, "answer": {"fault": "gone"}}])
    wire = Metered(Loopback(port=parts.push_service.port, ca_path=parts.push_service.ca_path))
    registry.use(wire)
    try:
        yield wire
    finally:
        wire.close()


class _Walk:
    def __init__(self, product: LocalProduct, meter: Meter) -> None:
        from app import app

        self._product, self._meter = product, meter
        self._door = Door(app, meter=meter, clock=product.parts.clock)

    def walk(self, wire: Metered, logs: LogLines) -> Run:
        self._settle()
        self._meter.read()
        campaign_id = self._launch()
        self._settle()
        launched = self._meter.read()
        self._ask("GET", self._path(campaign_id, "stats"))
        look = self._meter.read()
        self._product.advance(seconds=60)
        stats = self._until(lambda: self._stats(campaign_id), lambda stats: stats["state"] == "sent")
        self._settle()
        campaign = launched + self._meter.read()
        if not campaign.runs_of(LANE):
            raise Unfinished("so few subscribers that the bulk lane was not used; a few thousand will do")
        received = self._product.parts.push_service.ledger.received()
        return Run(
            subscribers=_all_of_them(stats),
            batches=_batches_of(self._product, self._ask("GET", self._path(campaign_id), counts=False)["run_id"]),
            campaign=campaign,
            look=look,
            idle=self._idle(),
            traffic=wire.traffic(),
            endpoint_bytes=max(len(record.endpoint) for record in received),
            plaintext_bytes=max(len(record.plaintext or b"") for record in received),
            logged_bytes=logs.size_bytes,
            told=self._told(),
        )

    def _told(self) -> Mapping[str, Told]:
        from infra.cost.readers import Readers

        return Readers(self._product.parts, self._door, self._meter, settle=self._settle).tell()

    def _launch(self) -> str:
        campaign = {"name": "Cost", "message": MESSAGE, "audience": {"all": True}}
        campaign_id: str = self._ask("POST", self._path(), campaign)["id"]
        self._ask("POST", self._path(campaign_id, "send"))
        return campaign_id

    def _idle(self) -> Reading:
        for _ in range(_IDLE_MINUTES):
            self._product.advance(seconds=60)
            self._settle()
        return self._meter.read()

    def _path(self, *parts: str) -> str:
        return "/".join([f"/v1/sites/{self._product.parts.demo.site_id}/campaigns", *parts])

    def _stats(self, campaign_id: str) -> Any:
        return self._ask("GET", self._path(campaign_id, "stats"), counts=False)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, counts: bool = True) -> Any:
        headers = {"authorization": f"Bearer {self._product.parts.demo.api_key}"}
        return json.loads(self._door.ask(method, path, body, headers=headers, expects=_FINE, counts=counts).body)

    def _settle(self) -> None:
        """Until all queues are empty and nobody works, twice in a row: a message may be on its way between two."""
        for _ in range(2):
            self._until(lambda: self._is_quiet, bool)
            time.sleep(_QUIET_SECONDS)
        self._until(lambda: self._is_quiet, bool)

    @property
    def _is_quiet(self) -> bool:
        waiting = sum(queue.waiting + queue.in_flight for queue in self._product.queues())
        return not waiting and not any(handler.running for handler in self._product.handlers())

    def _until(self, look: Callable[[], Any], is_enough: Callable[[Any], Any]) -> Any:
        deadline = time.monotonic() + _LONGEST_SECONDS
        while not is_enough(seen := look()):
            if time.monotonic() > deadline:
                raise Unfinished(f"after {_LONGEST_SECONDS:.0f} s: {seen}")
            time.sleep(_QUIET_SECONDS)
        return seen


def _batches_of(product: LocalProduct, run_id: str) -> int:
    """By the run itself: several share an invocation, and one may have had to come again."""
    from chalicelib.core import drive
    from chalicelib.features.sending.store.runs import RunRows

    run = drive.run(RunRows().get(product.parts.demo.tenant_id, run_id))
    assert run is not None, "it has just been sent"
    assert run.batches is not None, "it was planned"
    return run.batches


def _all_of_them(stats: Mapping[str, Any]) -> int:
    audience: int = stats["audience"]
    if stats["accepted"] + stats["gone"] != audience:
        raise Unfinished(f"not everyone was reached: {stats}")
    return audience
