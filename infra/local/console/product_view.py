"""What the console shows and what it may ask for: the `Product` that `infra/local/product.py` is, seen from a page.

Everything here becomes JSON as it stands, so a name here is a name in `static/`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from chalicelib.features.checks.model.finding import Finding


@dataclass(frozen=True, kw_only=True)
class CurlLine:
    says: str  # what it does, in a few words
    command: str  # ready to be pasted into a shell


@dataclass(frozen=True, kw_only=True)
class Welcome:
    """What a newcomer needs to make a first call. The demo site's origins are the shop's and the console's."""

    url: str
    shop_url: str
    api_key: str
    site_id: str
    site_name: str
    site_key: str
    vapid_public_key: str
    curl_lines: Sequence[CurlLine]


@dataclass(frozen=True, kw_only=True)
class QueueView:
    name: str
    waiting: int  # may be taken now
    in_flight: int
    delayed: int
    dead: int  # in its dead-letter queue


@dataclass(frozen=True, kw_only=True)
class HandlerView:
    name: str
    trigger: str  # in words: "queue send", "every minute", "stream of core"
    invocations: int
    failures: int
    running: int = 0
    last_at: datetime | None = None  # of its latest start
    last_ms: float | None = None  # how long its latest finished run took
    last_error: str = ""


@dataclass(frozen=True, kw_only=True)
class RunView:
    """accepted + gone + failed + skipped + expired + pending = audience."""

    id: str
    title: str
    site_id: str
    campaign_id: str | None
    source: str
    mode: str
    state: str
    created_at: datetime
    finished_at: datetime | None
    audience: int
    audience_estimated: bool
    accepted: int
    gone: int
    failed: int
    skipped: int
    expired: int
    pending: int
    reasons: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A push that its push service took, opened as a browser opens it. `payload` is JSON, or text where it is none."""

    number: int  # in the ledger; always growing
    at: datetime
    payload: Any
    run_id: str | None = None
    subscription_id: str | None = None
    error: str | None = None  # why the browser could not read it


@dataclass(frozen=True, kw_only=True)
class PushTraffic:
    """What the push service stand-in was asked since it started, and what it said."""

    total: int
    by_status: Mapping[str, int]  # "none" where no answer was decided
    answers_lost: int
    rules: int  # how many rules it misbehaves by


@dataclass(frozen=True, kw_only=True)
class Mail:
    number: int
    to: str
    subject: str
    text: str
    links: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class LogLine:
    number: int  # always growing
    at: datetime
    level: str
    source: str
    text: str
    facts: Mapping[str, str | float] = field(default_factory=dict)
    trace: str | None = None


@dataclass(frozen=True, kw_only=True)
class SiteName:
    tenant_id: str
    tenant: str
    id: str
    name: str
    url: str


@dataclass(frozen=True, kw_only=True)
class SiteCheck:
    """What `GET /v1/sites/{site_id}/check` would answer."""

    ok: bool
    checked_at: datetime
    findings: Sequence[Finding]


class Product(Protocol):
    """All methods may be called from several threads at once, each about once a second."""

    @property
    def is_real_push(self) -> bool:
        """Whether endpoints that browsers made are pushed to over the internet."""
        ...

    def welcome(self) -> Welcome: ...

    def now(self) -> datetime:
        """By the local clock."""
        ...

    def advance(self, *, seconds: int) -> None:
        """Moves the local clock on, and lets everything happen that is due by then."""
        ...

    def queues(self) -> Sequence[QueueView]: ...

    def handlers(self) -> Sequence[HandlerView]: ...

    def runs(self, *, most: int) -> Sequence[RunView]:
        """Newest first. `RunBook.newest`."""
        ...

    def received(self, *, run_id: str | None = None, after: int = 0, most: int | None = None) -> Sequence[Arrival]:
        """Oldest first; the newest `most` of those with numbers above `after`. `Arrivals.received`."""
        ...

    def push_traffic(self) -> PushTraffic:
        """`Arrivals.traffic`."""
        ...

    def outbox(self, *, to: str | None = None) -> Sequence[Mail]:
        """Oldest first. `Outbox.mails`."""
        ...

    def log_lines(self, *, after: int = 0, most: int) -> Sequence[LogLine]:
        """Oldest first; the newest `most` of those with numbers above `after`. `LogTail.lines`."""
        ...

    def sites(self) -> Sequence[SiteName]:
        """Of all tenants. `site_book.sites`."""
        ...

    def check(self, *, tenant_id: str, site_id: str) -> SiteCheck:
        """Takes as long as the site's own server. Raises NotFound."""
        ...

    def send_campaign(self, *, title: str, body: str) -> str:
        """Creates and sends a campaign to everyone on the demo site; the id of its run. May leave a PushError."""
        ...

    def set_push_rules(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """Replaces them all; an empty list makes the stand-in behave. Raises ValueError."""
        ...
