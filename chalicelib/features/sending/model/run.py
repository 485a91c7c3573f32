"""A run: one launch of a campaign, one test, or one transactional send. What it says and to whom never changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import msgspec

from chalicelib.channels.message import Message
from chalicelib.core.identity import Mode

CANCELLED = "skipped:cancelled"
EXPIRED = "expired"
SMALL_RUN_BATCHES = 4  # up to here the worker that finishes last closes the run, and the small lane carries it


class State(StrEnum):
    PLANNED = "planned"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"


class Source(StrEnum):
    CAMPAIGN = "campaign"
    TEST = "test"
    NOTIFICATION = "notification"


class Lane(StrEnum):
    """A lane is a queue and its function."""

    BULK = "send"
    SMALL = "send-small"
    TRANSACTIONAL = "send-transactional"


class Chosen(msgspec.Struct, frozen=True, array_like=True):
    """One browser picked by name: `person` is a hash of the external id it was picked for, empty when picked itself."""

    key: bytes
    person: bytes = b""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """The unchanging half of a run, stored as one packed value. Fields are added with defaults, never renamed."""

    message: Message
    cutoff: int
    careful: bool = False
    chosen: tuple[Chosen, ...] = ()


class Estimate(msgspec.Struct, frozen=True):
    """What the planner's sample says of the audience."""

    audience: int
    exact: bool


@dataclass(frozen=True)
class Run:
    """After a cancel the remaining batches still run, without pushing: only `finished_at` says that it is over."""

    id: str
    tenant_id: str
    site_id: str
    source: Source
    mode: Mode
    order: Order
    created_at: datetime
    expires_at: datetime
    state: State = State.PLANNED
    campaign_id: str | None = None
    look_at: datetime | None = None
    batches: int | None = None
    estimate: Estimate | None = None
    reissued_at: datetime | None = None
    finished_at: datetime | None = None
    totals: dict[str, int] = field(default_factory=dict)
    waves: int = 0
    rev: int = 1

    @property
    def is_over(self) -> bool:
        return self.finished_at is not None

    @property
    def is_small(self) -> bool:
        return self.batches is not None and self.batches <= SMALL_RUN_BATCHES

    @property
    def lane(self) -> Lane:
        if self.source is Source.NOTIFICATION:
            return Lane.TRANSACTIONAL
        return Lane.SMALL if self.is_small else Lane.BULK

    def has_expired(self, *, now: datetime) -> bool:
        return now >= self.expires_at

    def is_paused(self, *, now: datetime) -> bool:
        """A paused run expires like any other."""
        return self.state is State.PAUSED and not self.has_expired(now=now)

    def stops_pushing(self, *, now: datetime) -> str | None:
        """The outcome that every subscription not yet pushed to gets from now on."""
        if self.state is State.CANCELLED:
            return CANCELLED
        return EXPIRED if self.has_expired(now=now) else None

    def ends_as(self, counts: Mapping[str, int], *, now: datetime) -> State:
        """A run whose last look came late has not expired: it has when time ran out for somebody."""
        if self.state is State.CANCELLED:
            return State.CANCELLED
        return State.EXPIRED if self.has_expired(now=now) and counts.get(EXPIRED) else State.SENT
