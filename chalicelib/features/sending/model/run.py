"""A run: one launch of a campaign, one test, or one transactional send. What it says and to whom never changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from chalicelib.channels.message import Message
from chalicelib.core.identity import Mode
from chalicelib.features.sending.model import ring

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
    """One browser picked by name: `person` is a keyed hash of the external id it was picked for, if it was."""

    key: bytes
    person: bytes = b""


class Order(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The unchanging half of a run, stored as one packed value. Fields are added with defaults, never renamed."""

    message: Message
    cutoff: int
    careful: bool = False
    chosen: tuple[Chosen, ...] = ()
    throttle_per_minute: int | None = None


class Estimate(msgspec.Struct, frozen=True):
    """What the planner's sample says of the audience."""

    audience: int
    exact: bool


@dataclass(frozen=True)
class Run:
    """After a cancel the remaining batches still run, without pushing: only `finished_at` says that it is over.

    `believed` says of hosts whether their "gone" is; `woken_until`: batches to be released by then have their wake-up,
    or will have; `woken`: so many have it for sure, in the order of the wakes (None: too few to be counted).
    """

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
    believed: dict[str, bool] = field(default_factory=dict)
    started_at: datetime | None = None
    paused_at: datetime | None = None
    paused_seconds: float = 0.0
    woken_until: datetime | None = None
    woken: int | None = None
    rev: int = 1

    @property
    def is_over(self) -> bool:
        return self.finished_at is not None

    @property
    def is_for_chosen(self) -> bool:
        """Browsers picked by name, and never anybody else: none picked is nobody."""
        return self.source is not Source.CAMPAIGN

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

    def release_at(self, number: int) -> datetime:
        """A throttled run lets its batches go one by one, evenly over the time it was not paused."""
        begin = self.started_at or self.created_at
        rate = self.order.throttle_per_minute
        if rate is None or self.batches is None or self.estimate is None:
            return begin
        place = ring.place_of(number, self.batches)
        ahead = place * self.estimate.audience / self.batches
        return begin + timedelta(seconds=self.paused_seconds + ahead * 60 / rate)

    def is_released(self, number: int, *, now: datetime) -> bool:
        """Nothing holds a run back that has no throttle, however far the clock of its planner is ahead."""
        return self.order.throttle_per_minute is None or self.release_at(number) <= now

    def paused(self, *, now: datetime) -> Run:
        return replace(self, state=State.PAUSED, paused_at=now)

    def resumed(self, *, now: datetime) -> Run:
        """As if the pause had not been: what it held back is released that much later. Who was woken in vain is woken
        again.
        """
        pause = (now - self.paused_at).total_seconds() if self.paused_at else 0.0
        return replace(
            self,
            state=State.SENDING,
            paused_at=None,
            paused_seconds=self.paused_seconds + max(0.0, pause),
            woken_until=None,
            woken=None if self.woken is None else 0,
            reissued_at=None,
            waves=0,
        )

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
