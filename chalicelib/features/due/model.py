"""What must happen later: a row in the partition of its minute, and the message that it becomes when its time has come.

An owner (a campaign, a run) stores the same instant as `look_at`; a row that disagrees with its owner is nobody's.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from chalicelib.aws.messages import Message
from chalicelib.core.clock import from_milliseconds, in_milliseconds, minute_of

SHARDS = 8
STALE_AFTER = timedelta(minutes=2)  # a younger row may only be ahead of its owner's own write
WATERMARK_LAG_MINUTES = 5
STUCK_AFTER = timedelta(minutes=10)
MOVED_AHEAD_BY = timedelta(minutes=5)
ROUND = "round"  # whose entry it is, of a tenant's nightly round
_NIGHT_MINUTES = 180


class Kind(StrEnum):
    CAMPAIGN = "campaign"
    RUN = "run"
    ANCHOR = "anchor"
    JOB = "job"
    RETENTION = "retention"
    LEFT = "left"


QUEUES: dict[str, str] = {
    Kind.CAMPAIGN: "plan",
    Kind.RUN: "sweep",
    Kind.ANCHOR: "audit",
    Kind.JOB: "privacy",
    Kind.RETENTION: "privacy",
    Kind.LEFT: "privacy",
}


class DueMessage(Message, frozen=True):
    """`at` is the instant the owner asked for, in milliseconds; `minute` is where the row stands now."""

    kind: str
    tenant: str
    id: str
    at: int
    minute: int

    @property
    def entry(self) -> Entry:
        return Entry(self.kind, self.tenant, self.id, from_milliseconds(self.at), self.minute)


def next_night(tenant_id: str, *, after: datetime) -> datetime:
    """Not everybody's at once: each tenant has its own minute of the small hours, UTC."""
    wanted = datetime.combine(after.astimezone(UTC).date(), time(2), UTC)
    wanted += timedelta(minutes=zlib.crc32(tenant_id.encode()) % _NIGHT_MINUTES)
    return wanted if wanted > after else wanted + timedelta(days=1)


def no_earlier(at: datetime, *, than: datetime) -> datetime:
    """The instant to look at, to the millisecond: no entry is ever written into a minute that has passed."""
    return from_milliseconds(in_milliseconds(max(at, than)))


@dataclass(frozen=True)
class Entry:
    """`kind` is a Kind, unless a newer version of this code wrote it."""

    kind: str
    tenant_id: str
    id: str
    at: datetime
    minute: int

    @classmethod
    def at_its_minute(cls, kind: Kind, tenant_id: str, owner_id: str, at: datetime) -> Entry:
        return cls(kind, tenant_id, owner_id, at, minute_of(at))

    @property
    def shard(self) -> int:
        return zlib.crc32(f"{self.tenant_id}#{self.id}".encode()) % SHARDS

    def is_stale(self, look_at: datetime | None, *, now: datetime) -> bool:
        """Disagrees with its owner for so long that no write of the owner's can be on its way."""
        return self.at != look_at and now - self.at > STALE_AFTER

    def is_stuck(self, *, now: datetime) -> bool:
        return minute_of(now) - self.minute > STUCK_AFTER // timedelta(minutes=1)

    def message(self) -> DueMessage:
        return DueMessage(
            kind=self.kind, tenant=self.tenant_id, id=self.id, at=in_milliseconds(self.at), minute=self.minute
        )


@dataclass(frozen=True)
class Move:
    """An owner's `look_at` goes from one instant to another, None being none; its entry goes with it."""

    kind: Kind
    tenant_id: str
    owner_id: str
    before: datetime | None
    after: datetime | None

    @property
    def leaving(self) -> Entry | None:
        return None if self.before in {None, self.after} else self._entry(self.before)

    @property
    def entering(self) -> Entry | None:
        """Even where one of that instant should stand already."""
        return self._entry(self.after)

    def _entry(self, at: datetime | None) -> Entry | None:
        return None if at is None else Entry.at_its_minute(self.kind, self.tenant_id, self.owner_id, at)
