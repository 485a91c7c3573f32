"""The running product as its console sees it: what is happening, and the few things one may do to it.

Import it only after the environment is set: `start.py` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.channels.message import Message
from chalicelib.core.identity import Mode
from chalicelib.features.campaigns.service import Draft
from chalicelib.features.campaigns.wiring import campaigns
from chalicelib.features.checks.model.finding import Status
from chalicelib.features.checks.wiring import checks
from chalicelib.features.sending.store.batches import BatchRows
from chalicelib.features.sending.store.runs import RunRows
from chalicelib.features.subscriptions.wiring import subscriptions
from infra.local import aws, status
from infra.local.clock import LocalClock
from infra.local.console.arrivals import Arrivals
from infra.local.console.log_tail import LogTail
from infra.local.console.outbox import Outbox
from infra.local.console.product_view import (
    Arrival,
    CurlLine,
    HandlerView,
    LogLine,
    Mail,
    PushTraffic,
    QueueView,
    RunView,
    SiteCheck,
    SiteName,
    Welcome,
)
from infra.local.console.run_book import RunBook
from infra.local.console.site_book import sites
from infra.local.push_service.service import PushService
from infra.local.runner import Runner
from infra.local.seed import SITE_NAME, Demo


@dataclass(frozen=True)
class Parts:
    url: str
    shop_url: str
    clock: LocalClock
    push_service: PushService
    runner: Runner
    log: LogTail
    demo: Demo
    is_real_push: bool


class LocalProduct:
    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._runs = RunBook(prefix=aws.PREFIX, runs=RunRows(), batches=BatchRows())
        self._arrivals = Arrivals(
            parts.push_service,
            runs=self._runs,
            name_of=lambda site, endpoint: subscriptions().id_of(site_id=site, endpoint=endpoint),
        )

    @property
    def is_real_push(self) -> bool:
        return self.parts.is_real_push

    def welcome(self) -> Welcome:
        demo, url = self.parts.demo, self.parts.url
        return Welcome(
            url=url,
            shop_url=self.parts.shop_url,
            api_key=demo.api_key,
            site_id=demo.site_id,
            site_name=SITE_NAME,
            site_key=demo.site_key,
            vapid_public_key=demo.vapid_public_key,
            curl_lines=curl_lines(url, demo, shop_url=self.parts.shop_url),
        )

    def now(self) -> datetime:
        return self.parts.clock.now()

    def advance(self, *, seconds: int) -> None:
        self.parts.clock.advance(seconds)

    def queues(self) -> Sequence[QueueView]:
        return [
            QueueView(name=q.name, waiting=q.ready, in_flight=q.in_flight, delayed=q.delayed, dead=q.dead_letters)
            for q in status.queues(aws.PREFIX)
        ]

    def handlers(self) -> Sequence[HandlerView]:
        return [
            HandlerView(
                name=handler.name,
                trigger=_trigger(handler.source),
                invocations=handler.tally.runs,
                failures=handler.tally.failures,
                running=handler.tally.running,
                last_at=handler.tally.last_run_at,
            )
            for handler in self.parts.runner.handlers()
        ]

    def runs(self, *, most: int) -> Sequence[RunView]:
        return self._runs.newest(most=most)

    def received(self, *, run_id: str | None = None, after: int = 0, most: int | None = None) -> Sequence[Arrival]:
        return self._arrivals.received(run_id=run_id, after=after, most=most)

    def push_traffic(self) -> PushTraffic:
        return self._arrivals.traffic()

    def outbox(self, *, to: str | None = None) -> Sequence[Mail]:
        return Outbox().mails(to=to)

    def log_lines(self, *, after: int = 0, most: int) -> Sequence[LogLine]:
        return self.parts.log.lines(after=after, most=most)

    def sites(self) -> Sequence[SiteName]:
        return sites(prefix=aws.PREFIX)

    def check(self, *, tenant_id: str, site_id: str) -> SiteCheck:
        now = self.now()
        found = checks().check(tenant_id=tenant_id, site_id=site_id, now=now)
        is_ok = all(each.status is not Status.PROBLEM for each in found)
        return SiteCheck(ok=is_ok, checked_at=now, findings=found)

    def send_campaign(self, *, title: str, body: str) -> str:
        demo, now = self.parts.demo, self.now()
        draft = Draft(name=title[:120], message=Message(title=title, body=body, url=f"{self.parts.shop_url}/"))
        made = campaigns().create(tenant_id=demo.tenant_id, site_id=demo.site_id, draft=draft, mode=Mode.LIVE, now=now)
        return campaigns().send(made, mode=Mode.LIVE, now=now).run_id or ""

    def set_push_rules(self, rules: Sequence[Mapping[str, Any]]) -> None:
        self.parts.push_service.set_rules(rules)


def _trigger(source: str) -> str:
    """In words: a schedule speaks for itself, anything else is a queue or a table of ours."""
    return source.removeprefix(f"{aws.PREFIX}-")


def _subscription_id(site_id: str, endpoint: str) -> str:
    return subscriptions().id_of(site_id=site_id, endpoint=endpoint)


def curl_lines(url: str, demo: Demo, *, shop_url: str) -> Sequence[CurlLine]:
    """Three calls, to be pasted one after the other into a bare shell."""
    message = f'{{"title": "Hello from curl", "body": "It works", "url": "{shop_url}/"}}'
    body = f'{{"name": "Hello", "message": {message}, "audience": {{"all": true}}}}'
    return [
        CurlLine(
            says="Name your key and site, and write a campaign",
            command=f"KEY={demo.api_key}; CAMPAIGNS={url}/v1/sites/{demo.site_id}/campaigns; "
            'ID=$(curl -s $CAMPAIGNS -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" '
            f"-d '{body}' | grep -o 'cmp_[0-9a-z]*' | head -1); echo $ID",
        ),
        CurlLine(says="Send it", command='curl -s -X POST $CAMPAIGNS/$ID/send -H "Authorization: Bearer $KEY"'),
        CurlLine(says="See who was reached", command='curl -s $CAMPAIGNS/$ID/stats -H "Authorization: Bearer $KEY"'),
    ]
