"""A product in full swing, without one: queues breathe, runs fill up, notifications and mails arrive as time goes by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from chalicelib.core import clock, ids
from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.features.checks.model.finding import Finding, Status
from infra.local.console.outbox import links_in
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
from infra.local.push_service.rules import parse_rules

KEY = "ps_live_7h2kq9xw_Zk3vQe8nT1rB6yUw0mJpLs4cXa9dFgHi"
SITE = "site_01k9zq4t7m8n2p5r6s3v1w0xyz"
AUDIENCE = 1_000
_PER_SECOND = 90


@dataclass
class Launched:
    id: str
    title: str
    body: str
    at: datetime
    audience: int = AUDIENCE
    state: str = ""
    fates: Mapping[str, int] = field(default_factory=dict)  # what does not end as accepted
    reasons: Mapping[str, int] = field(default_factory=dict)


class FakeProduct:
    is_real_push = False

    def __init__(self, *, url: str = "http://127.0.0.1:8000") -> None:
        self._url = url
        self.lead = timedelta()
        self.launched: list[Launched] = []
        self.rules: Sequence[object] = ()
        self.is_down = False
        self.mails: list[Mail] = []
        self._lines: list[LogLine] = []
        self.site_names: list[SiteName] = []
        self.findings: dict[str, Sequence[Finding]] = {}
        self.looked: list[str] = []

    @property
    def lead_seconds(self) -> float:
        return self.lead.total_seconds()

    # --- What a story can make happen ---

    def run(self, title: str, *, age: timedelta, **words: Any) -> None:
        at = self.now() - age
        run_id = f"run_01k9zq{sha256(title.encode()).hexdigest()[:20]}"
        self.launched.append(Launched(run_id, title, words.pop("body", ""), at, **words))

    def mail(self, to: str, subject: str, text: str) -> None:
        number = len(self.mails) + 1
        self.mails.append(Mail(number=number, to=to, subject=subject, text=text, links=links_in(text)))

    def log(self, level: str, source: str, text: str, trace: str | None = None, **facts: str | float) -> None:
        line = LogLine(
            number=len(self._lines) + 1,
            at=self.now(),
            level=level,
            source=source,
            text=text,
            facts=facts,
            trace=trace,
        )
        self._lines.append(line)

    # --- What the console asks ---

    def welcome(self) -> Welcome:
        return Welcome(
            url=self._url,
            shop_url="http://127.0.0.1:8001",
            api_key=KEY,
            site_id=SITE,
            site_name="Linden & Loom",
            site_key="sk_9f2d41c07be84a5e",
            vapid_public_key="BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM",
            curl_lines=_curl_lines(self._url),
        )

    def now(self) -> datetime:
        return clock.now() + self.lead

    def advance(self, *, seconds: int) -> None:
        self.lead += timedelta(seconds=seconds)

    def queues(self) -> Sequence[QueueView]:
        pending = sum(run.pending for run in self.runs(most=3))
        depth = {"send": pending // 128, "send-small": 0, "send-transactional": 0, "plan": 0, "sweep": 0, "mail": 0}
        return [
            QueueView(
                name=name,
                waiting=waiting,
                in_flight=min(waiting + bool(waiting), 4),
                delayed=1 if name == "sweep" and pending else 0,
                dead=1 if name == "mail" else 0,
            )
            for name, waiting in {**depth, "audit": 0}.items()
        ]

    def handlers(self) -> Sequence[HandlerView]:
        busy = any(run.pending for run in self.runs(most=3))
        began = self.now().replace(second=0)
        return [
            _handler("deliver", "queue send", 64, at=self.now() if busy else began, ms=412.0, running=3 * busy),
            _handler("deliver_small", "queue send-small", 2, at=began, ms=186.4),
            _handler("deliver_transactional", "queue send-transactional", 0),
            _handler("plan", "queue plan", 6, at=began, ms=38.2),
            _handler("sweep", "queue sweep", 19, at=began, ms=21.0),
            _handler("post_letters", "queue mail", 4, failures=1, at=began, ms=9.3),
            _handler("append_to_trail", "queue audit", 0),
            _handler("tick", "every minute", 122, at=began, ms=3.1),
        ]

    def runs(self, *, most: int) -> Sequence[RunView]:
        newest = sorted(self.launched, key=lambda run: run.at, reverse=True)[:most]
        return [self._view(run) for run in newest]

    def received(self, *, run_id: str | None = None, after: int = 0, most: int | None = None) -> Sequence[Arrival]:
        found = [arrival for run in self.launched for arrival in self._arrivals(run)]
        numbered = [_numbered(arrival, number) for number, arrival in enumerate(found, 1)]
        wanted = [one for one in numbered if one.number > after and run_id in {None, one.run_id}]
        return wanted if most is None else wanted[-most:]

    def push_traffic(self) -> PushTraffic:
        taken = sum(run.accepted for run in self.runs(most=100))
        gone = sum(run.gone for run in self.runs(most=100))
        refused = 37 if self.rules else 0
        counts = {"201": taken, "410": gone, "429": refused}
        by_status = {status: count for status, count in counts.items() if count}
        return PushTraffic(total=sum(by_status.values()), by_status=by_status, answers_lost=0, rules=len(self.rules))

    def outbox(self, *, to: str | None = None) -> Sequence[Mail]:
        return [mail for mail in self.mails if to in {None, mail.to}]

    def log_lines(self, *, after: int = 0, most: int) -> Sequence[LogLine]:
        return [line for line in self._lines if line.number > after][-most:]

    def sites(self) -> Sequence[SiteName]:
        if self.is_down:
            raise Unavailable
        return self.site_names

    def check(self, *, tenant_id: str, site_id: str) -> SiteCheck:
        if (tenant_id, site_id) not in {(site.tenant_id, site.id) for site in self.site_names}:
            raise NotFound
        self.looked.append(site_id)
        findings = self.findings.get(site_id, [])
        is_ok = all(each.status is not Status.PROBLEM for each in findings)
        return SiteCheck(ok=is_ok, checked_at=self.now(), findings=findings)

    def send_campaign(self, *, title: str, body: str) -> str:
        if self.is_down:
            raise Unavailable
        self.launched.append(Launched(ids.new("run"), title, body, self.now()))
        self.log("INFO", "pushsaas", "run_launched", run_id=self.launched[-1].id, count=AUDIENCE)
        return self.launched[-1].id

    def set_push_rules(self, rules: Sequence[Mapping[str, Any]]) -> None:
        self.rules = parse_rules(rules)

    # --- Inside ---

    def _settled(self, run: Launched) -> int:
        return min(run.audience, max(0, int((self.now() - run.at).total_seconds() * _PER_SECOND)))

    def _view(self, run: Launched) -> RunView:
        settled = self._settled(run)
        share = settled / run.audience if run.audience else 1.0
        fates = {name: int(count * share) for name, count in run.fates.items()}
        is_over = settled == run.audience
        return RunView(
            id=run.id,
            title=run.title,
            site_id=SITE,
            campaign_id="cmp_01k9zq4t7m8n2p5r6s3v1w0abc",
            source="campaign",
            mode="live",
            state=run.state or ("sent" if is_over else "sending"),
            created_at=run.at,
            finished_at=run.at + timedelta(seconds=run.audience / _PER_SECOND) if is_over else None,
            audience=run.audience,
            audience_estimated=share < 0.3,
            accepted=settled - sum(fates.values()),
            gone=fates.get("gone", 0),
            failed=fates.get("failed", 0),
            skipped=fates.get("skipped", 0),
            expired=fates.get("expired", 0),
            pending=run.audience - settled,
            reasons=run.reasons if is_over else {},
        )

    def _arrivals(self, run: Launched) -> Sequence[Arrival]:
        notification = {
            "title": run.title,
            "navigate": "https://shop.example.com/spring?utm_source=push",
            "body": run.body,
            "tag": run.id,
        }
        return [
            Arrival(
                number=0,
                at=run.at + timedelta(seconds=index / _PER_SECOND),
                payload={"web_push": 8030, "notification": notification},
                run_id=run.id,
                subscription_id=f"sub_{sha256(f'{run.id}{index}'.encode()).hexdigest()[:32]}",
            )
            for index in range(self._settled(run) - sum(run.fates.values()))
        ]


def _numbered(arrival: Arrival, number: int) -> Arrival:
    return Arrival(
        number=number,
        at=arrival.at,
        payload=arrival.payload,
        run_id=arrival.run_id,
        subscription_id=arrival.subscription_id,
    )


def _handler(
    name: str,
    trigger: str,
    invocations: int,
    *,
    failures: int = 0,
    running: int = 0,
    at: datetime | None = None,
    ms: float | None = None,
) -> HandlerView:
    return HandlerView(
        name=name,
        trigger=trigger,
        invocations=invocations,
        failures=failures,
        running=running,
        last_at=at,
        last_ms=ms,
    )


def _curl_lines(url: str) -> Sequence[CurlLine]:
    bearer = f"-H 'Authorization: Bearer {KEY}'"
    message = '{"title": "Hello", "body": "From a shell", "url": "https://shop.example.com/"}'
    campaign = f'{{"name": "First", "message": {message}, "audience": {{"all": true}}}}'
    return [
        CurlLine(says="Who am I?", command=f"curl -s {url}/v1/me {bearer}"),
        CurlLine(
            says="Write a campaign",
            command=f"curl -s {url}/v1/sites/{SITE}/campaigns {bearer} -H 'Content-Type: application/json' "
            f"-d '{campaign}'",
        ),
        CurlLine(
            says="Send it",
            command=f"curl -s -X POST {url}/v1/sites/{SITE}/campaigns/$CAMPAIGN/send {bearer} "
            "-H 'Content-Type: application/json' -d '{}'",
        ),
    ]


def in_full_swing(*, url: str = "http://127.0.0.1:8000") -> FakeProduct:
    """Three runs behind it, one under way, some mail, a log with a scar."""
    product = FakeProduct(url=url)
    product.run(
        "Back in stock: the olive field jacket",
        age=timedelta(hours=26),
        fates={"gone": 31, "failed": 4},
        reasons={"gone:410": 31, "failed:413": 4},
        audience=986,
    )
    product.run(
        "Your basket is waiting, and so are we",
        age=timedelta(hours=3),
        audience=951,
        fates={"skipped": 611},
        reasons={"skipped:cancelled": 611},
        state="cancelled",
    )
    product.run("Order 1042 has left the warehouse", age=timedelta(minutes=12), audience=1)
    product.run(
        "The spring collection is here",
        age=timedelta(seconds=6),
        body="Linen, light colours, and 20 % off until Sunday evening.",
        fates={"gone": 22},
    )
    product.mail("ada@example.com", "You have an account already", _LETTER.format(link=f"{url}/login"))
    product.mail(
        "grace@example.com",
        "Confirm your e-mail address",
        _LETTER.format(link=f"{url}/verify?token=vt_3Jf8Qm2Zt7Lr0XcVbNwEa"),
    )
    product.log("INFO", "infra.local.runner", "ready: 8 handlers, 7 queues, 1 schedule")
    product.log("INFO", "pushsaas", "run_planned", run_id=product.launched[-1].id, count=8, site_id=SITE)
    product.log("INFO", "pushsaas", "batch_done", run_id=product.launched[-1].id, batch=3, count=125, duration_ms=412)
    product.log("WARNING", "pushsaas", "message_from_the_future", queue="send", version=2)
    product.log("ERROR", "pushsaas", "message_failed", trace=_TRACE, queue="mail", code="undeliverable_letter")
    product.log("INFO", "pushsaas", "run_closed", run_id=product.launched[2].id, outcome="sent", duration_ms=186)
    return product


def an_empty_one(*, url: str = "http://127.0.0.1:8000") -> FakeProduct:
    """Just started: nobody has asked for anything."""
    return FakeProduct(url=url)


_LETTER = """Hello,

somebody, probably you, opened a PushSaaS account with this address.
To confirm it, open this link and give the password you chose:

{link}

The link is good for 24 hours and only with that password.
"""
_TRACE = """Traceback (most recent call last):
  File "chalicelib/features/mail/adapters/ses.py", line 39, in post
    client("ses").send_email(Source=self._sender, Destination={"ToAddresses": [to]}, Message=message)
chalicelib.features.mail.adapters.ses.Undeliverable: The letter was refused for good."""
