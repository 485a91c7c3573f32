"""Ada's shop: a site of the real product, browsers that live at the push service stand-in, and what they received."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from chalicelib.core.clock import minute_of
from chalicelib.core.identity import TENANT_SCOPES
from chalicelib.features.due.model import WATERMARK_LAG_MINUTES
from chalicelib.features.due.store import DueEntries
from chalicelib.features.subscriptions.model import read_browser
from chalicelib.features.subscriptions.wiring import subscriptions
from infra.local.push_service.service import PushService
from tests.world import Person, World

ORIGIN = "https://shop.example"
MESSAGE = {"title": "Grüße 👋", "body": "Die neue Kollektion ist da", "url": f"{ORIGIN}/neu"}
QUEUES = ("plan", "send-small", "send", "send-transactional", "sweep", "mail", "audit", "privacy", "events")


@dataclass
class Shop:
    world: World
    push_service: PushService
    owner: Person
    site: dict[str, Any] = field(default_factory=dict)
    bearer: str = ""

    @cached_property
    def operator(self) -> str:
        return self.world.operator_key()

    def open(self) -> Shop:
        """With a key, which outlives the hours that a journey may take."""
        self.bearer = self.world.api_key(self.owner, *TENANT_SCOPES)
        self.site = self.ask("POST", "/v1/sites", json={"name": "Shop", "url": ORIGIN}, expect=201)
        return self

    def ask(self, method: str, path: str, *, expect: int = 200, **words: Any) -> Any:
        answer = self.world.client.request(method, path, **{"as_": self.bearer, **words})
        assert answer.status == expect, f"{method} {path}: {answer.status} {answer.text}"
        return answer.json() if answer.text else None

    @property
    def campaigns(self) -> str:
        return f"/v1/sites/{self.site['id']}/campaigns"

    @property
    def audience(self) -> str:
        return f"/v1/sites/{self.site['id']}/subscriptions"

    @property
    def notifications(self) -> str:
        return f"/v1/sites/{self.site['id']}/notifications"

    # browsers

    def subscribe(self, **words: Any) -> dict[str, Any]:
        """One browser, over the SDK's own route."""
        subscription = self.push_service.subscribe(vapid_public_key=self.site["vapid_public_key"])
        path = f"/v1/sdk/{self.site['site_key']}/subscriptions"
        asked = {"subscription": subscription, **words}
        made: dict[str, Any] = self.ask("POST", path, json=asked, headers={"Origin": ORIGIN}, as_=None, expect=201)
        return made | subscription

    def gather(self, count: int) -> None:
        """Many browsers, past the HTTP door: journeys are about what happens to them afterwards."""
        for _ in range(count):
            made = self.push_service.subscribe(vapid_public_key=self.site["vapid_public_key"])
            browser = read_browser(endpoint=made["endpoint"], **made["keys"])
            subscriptions().subscribe(
                tenant_id=self.owner.tenant_id,
                site_id=self.site["id"],
                browser=browser,
                now=self.world.clock.now(),
            )
        self.world.clock.advance(seconds=1)  # whoever comes in the instant of a cutoff is not in that audience

    # campaigns

    def draft(self, **words: Any) -> str:
        asked = {"name": "Autumn", "message": MESSAGE, "audience": {"all": True}, **words}
        created = self.ask("POST", self.campaigns, json=asked, expect=201)
        return f"{self.campaigns}/{created['id']}"

    def send(self, campaign: str) -> str:
        return str(self.ask("POST", f"{campaign}/send", expect=202)["run"])

    def notify(self, **to: list[str]) -> dict[str, Any]:
        asked = {"to": to, "message": MESSAGE}
        made: dict[str, Any] = self.ask("POST", self.notifications, json=asked, expect=202)
        return made

    def stats(self, campaign: str) -> dict[str, Any]:
        stats: dict[str, Any] = self.ask("GET", f"{campaign}/stats")
        families = ("accepted", "gone", "failed", "skipped", "expired", "pending")
        assert sum(stats[name] for name in families) == stats["audience"], stats
        return stats

    def status(self, campaign: str) -> str:
        return str(self.ask("GET", campaign)["status"])

    # the operator

    def operate(self, method: str, path: str, **words: Any) -> Any:
        return self.ask(method, f"/v1/ops{path}", as_=self.operator, **words)

    # time

    def settle(self) -> int:
        """Lets every queue run empty, as often as one fills another; returns how many messages that were.

        Whatever waits out of sight with a delay stays there.
        """
        handled = 0
        while batch := sum(self.world.lambdas.work(queue) for queue in QUEUES):
            handled += batch
        return handled

    def go_to(self, at: datetime) -> None:
        """As if a tick had come each minute: the next would look through all that it has missed, as long as it may."""
        self.world.clock.advance(seconds=(at - self.world.clock.now()).total_seconds())
        DueEntries().raise_watermark(minute_of(at) - WATERMARK_LAG_MINUTES - 1)

    def pass_time(self, *, minutes: int) -> None:
        """Minute by minute, with the tick and everything it sets off."""
        for _ in range(minutes):
            self.world.clock.advance(minutes=1)
            self.world.lambdas.fire("tick")
            self.settle()

    # what the browsers read

    def received(self) -> Iterator[dict[str, Any]]:
        for record in self.push_service.ledger.received():
            if record.accepted:
                assert record.plaintext is not None, record.decryption_error
                yield json.loads(record.plaintext)

    def react(self, kind: str = "displayed") -> None:
        """Everything that was received becomes of something."""
        events = [{"type": kind, "receipt": told["receipt"]} for told in self.received()]
        path = f"/v1/sdk/{self.site['site_key']}/events"
        for some in (events[place : place + 100] for place in range(0, len(events), 100)):
            self.ask("POST", path, json={"events": some}, headers={"Origin": ORIGIN}, as_=None, expect=202)
        self.settle()
