"""What it takes to remove a great deal: a job, worked off in portions by whoever has it in hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.core import ids
from chalicelib.core.clock import from_milliseconds
from chalicelib.features.campaigns.model import RUNS_KEPT_FOR
from chalicelib.features.subscriptions.model import BURIED_FOR, Subscription

LONGEST_ENDED_DAYS = BURIED_FOR.days
FEWEST_UNSEEN_DAYS = 30
MOST_UNSEEN_DAYS = 3650
FEWEST_RUNS_DAYS = 30  # longer than any run lives
LONGEST_RUNS_DAYS = RUNS_KEPT_FOR.days

TOLD_FOR = timedelta(days=30)  # how long one may be asked about after it is done
DISCLOSED_FOR = timedelta(hours=24)  # how long an export may be read: it names whom it is about


class Kind(StrEnum):
    SITE = "site_removal"
    EXPORT = "subscriber_export"
    ERASURE = "subscriber_erasure"
    PERSON = "person_erasure"
    ACCOUNT = "account_removal"
    RETENTION = "retention"


class Status(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True)
class Portion:
    """What was done of a stage, and where it goes on; None: the stage is over. What comes next is not to be begun for
    `wait_seconds`; with `until`, the same is begun again then. `then` is done once all this is written down.
    """

    removed: int = 0
    position: str | None = None
    wait_seconds: int = 0
    until: datetime | None = None
    then: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Job:
    """`tenant_id` is whose it is: a person's own is the person's. `about` names whose rows go, for as long as it takes:
    it is forgotten with them. `removed` counts rows: subscriptions of a site before they go, each once; of all else,
    what a worker had removed and could not tell any more, because it was killed, is missing from it.
    """

    id: str
    tenant_id: str
    kind: Kind
    asked_by: str
    created_at: datetime
    about: Mapping[str, str] = field(default_factory=dict)
    status: Status = Status.WAITING
    stage: int = 0
    position: str = ""
    removed: int = 0
    finished_at: datetime | None = None
    rev: int = 1

    @property
    def is_over(self) -> bool:
        return self.status is Status.DONE

    def after(self, portion: Portion, *, stages: int, now: datetime) -> Job:
        done = replace(self, removed=self.removed + portion.removed, rev=self.rev + 1, status=Status.RUNNING)
        if portion.position is not None:
            return replace(done, position=portion.position)
        if self.stage + 1 < stages:
            return replace(done, stage=self.stage + 1, position="")
        return replace(done.forgetful, status=Status.DONE, position="", finished_at=now)

    @property
    def forgetful(self) -> Job:
        """A site's id is nobody's."""
        return replace(self, about={name: value for name, value in self.about.items() if name == "site_id"})

    @property
    def kept_for(self) -> timedelta:
        return DISCLOSED_FOR if self.kind in {Kind.EXPORT, Kind.RETENTION} else TOLD_FOR


def begin(kind: Kind, *, tenant_id: str, asked_by: str, about: Mapping[str, str], now: datetime) -> Job:
    return Job(ids.new("job"), tenant_id, kind, asked_by, now, about)


@dataclass(frozen=True)
class Retention:
    """How many days something is kept. The defaults are what the tables see to by themselves."""

    ended_subscriptions_days: int = LONGEST_ENDED_DAYS
    unseen_subscriptions_days: int | None = None
    campaign_runs_days: int = LONGEST_RUNS_DAYS

    @property
    def needs_nobody(self) -> bool:
        return self == Retention()

    def drops(self, kept: Subscription, *, now: datetime) -> bool:
        if kept.ended_at is not None:
            return now - kept.ended_at >= timedelta(days=self.ended_subscriptions_days)
        unseen_days = self.unseen_subscriptions_days
        return unseen_days is not None and now - from_milliseconds(kept.packed.seen_ms) >= timedelta(days=unseen_days)

    def drops_run(self, begun_at: datetime, *, now: datetime) -> bool:
        return now - begun_at >= timedelta(days=self.campaign_runs_days)


@dataclass(frozen=True)
class Invited:
    """Somebody who is no subscriber: only asked to join the tenant's team."""

    email: str
    role: str
    invited_at: datetime
    place: str
