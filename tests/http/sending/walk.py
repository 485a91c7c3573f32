"""The walk of a campaign from its HTTP call to the push service and back to its numbers, one handler at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.features.sites.wiring import sites
from chalicelib.features.subscriptions.model import read_browser
from chalicelib.features.subscriptions.service.profiles import profile_of
from chalicelib.features.subscriptions.wiring import subscriptions
from infra.local.push_service.service import PushService
from tests.fakes.gateway import HttpAnswer
from tests.http.campaigns.desk import Desk
from tests.world import World

FAMILIES = ("accepted", "gone", "failed", "skipped", "expired", "pending")


@dataclass(frozen=True)
class Walk:
    desk: Desk
    service: PushService

    @property
    def world(self) -> World:
        return self.desk.world

    @property
    def tenant_id(self) -> str:
        return self.desk.owner.tenant_id

    def subscribe(self, count: int = 1) -> list[dict[str, Any]]:
        """New browsers at the push service; `id` is the subscription's."""
        site = sites().get(tenant_id=self.tenant_id, site_id=self.desk.site_id)
        made = []
        for _ in range(count):
            browser = self.service.subscribe(vapid_public_key=site.vapid_public_key)
            read = read_browser(endpoint=browser["endpoint"], **browser["keys"])
            subscribed = subscriptions().subscribe(
                tenant_id=self.tenant_id, site_id=site.id, browser=read, now=self.world.clock.now()
            )
            made.append(browser | {"id": subscribed.subscription.id})
        self.world.clock.advance(seconds=1)  # whoever comes in the instant of a cutoff is not in that audience
        return made

    def name(self, browser: dict[str, Any], external_id: str) -> None:
        """As the site's owner says whose browser it is."""
        subscriptions().change(
            tenant_id=self.tenant_id,
            site_id=self.desk.site_id,
            subscription_id=browser["id"],
            profile=profile_of({"external_id": external_id}),
        )

    def draft(self) -> str:
        return f"/{self.desk.create()['id']}"

    def send(self, campaign: str) -> str:
        return str(self.ask("POST", f"{campaign}/send", expect=202)["run"])

    def ask(self, method: str, path: str, *, expect: int = 200, **words: Any) -> Any:
        answer: HttpAnswer = self.desk.ask(method, path, **words)
        assert answer.status == expect, answer.text
        return answer.json() if answer.text else None

    def stats(self, campaign: str, **query: str) -> dict[str, Any]:
        """The identity holds whenever one looks."""
        found: dict[str, Any] = self.ask("GET", f"{campaign}/stats", query=query)
        assert sum(found[name] for name in FAMILIES) == found["audience"], found
        return found

    def work(self, *queues: str) -> None:
        for queue in queues:
            self.world.lambdas.work(queue)

    def pass_time(self, *, minutes: int) -> None:
        for _ in range(minutes):
            self.world.clock.advance(minutes=1)
            self.world.lambdas.fire("tick")
            self.work("plan", "send-small", "sweep", "send-small", "sweep")
