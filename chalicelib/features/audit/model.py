"""The audit trail of a tenant: a chain of entries, each sealed with a hash over itself and the one before it.

The chain runs on through the months; a month that another follows ends with an entry that says so, so that nobody can
append to a past month unseen. The format of what is hashed never changes: a new one is a new `v`, and each entry is
sealed by its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

MONTH_CLOSED = "month.closed"
NEWEST_VERSION = 2

Fact = str | int | bool


@dataclass(frozen=True)
class Event:
    """Something a tenant's credentials changed. `facts` are the few words of the request that tell how: which role,
    which heir. Endpoints name them one by one; nothing else of a body gets here.
    """

    tenant_id: str
    actor: str
    action: str
    subject: str
    request_id: str
    at: datetime
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def version(self) -> int:
        """Without facts, an entry is what it always was."""
        return 2 if self.facts else 1

    @property
    def month(self) -> str:
        return self.at.astimezone(UTC).strftime("%Y%m")


@dataclass(frozen=True, order=True)
class Place:
    """Where in the chain: entries are numbered from 1 in each month."""

    month: str
    sequence: int

    @property
    def next(self) -> Place:
        return Place(self.month, self.sequence + 1)

    @property
    def is_first_of_month(self) -> bool:
        return self.sequence == 1


@dataclass(frozen=True)
class Entry:
    place: Place
    event: Event
    previous: str
    hash: str

    @property
    def closes_month(self) -> bool:
        return self.event.action == MONTH_CLOSED


@dataclass(frozen=True)
class Fault:
    """The first entry of a chain that is not as it was written, or is not where it was."""

    place: Place
    reason: str


def chain(event: Event, *, place: Place, after: Entry | None) -> Entry:
    """`after` is the last entry there is; None for a tenant's very first."""
    previous = after.hash if after else genesis(event.tenant_id)
    entry = Entry(place=place, event=event, previous=previous, hash="")
    return replace(entry, hash=seal(entry))


def turn_of_month(event: Event, last: Entry) -> tuple[Entry, Entry]:
    """The entry that closes the month of `last`, and `event` as the first of its own."""
    closing = replace(event, actor="-", action=MONTH_CLOSED, subject=event.month, facts={})
    closed = chain(closing, place=last.place.next, after=last)
    return closed, chain(event, place=Place(event.month, 1), after=closed)


def genesis(tenant_id: str) -> str:
    """What a tenant's first entry follows: no two chains begin alike, so none can stand in for another."""
    return hashlib.sha256(f"audit\0{tenant_id}".encode()).hexdigest()


def seal(entry: Entry) -> str:
    return hashlib.sha256(canonical(entry).encode()).hexdigest()


def verify(
    entries: Iterable[Entry], *, tenant_id: str, after: str | None = None, head: str | None = None
) -> Fault | None:
    """The first fault of a whole chain, or of a stretch that begins after the entry with hash `after`.

    `head`, the hash known from outside to be the last, tells when entries were cut off at the end.
    """
    previous, place = after or genesis(tenant_id), Place("", 0)
    follows: Place | None = None
    for entry in entries:
        if reason := flaw(entry, previous=previous, follows=follows, tenant_id=tenant_id):
            return Fault(entry.place, reason)
        previous, place, follows = entry.hash, entry.place, successor(entry)
    return None if head in {None, previous} else Fault(place, "entries after this one are missing")


@dataclass(frozen=True)
class Anchor:
    """An entry's hash as it was on its day, kept where the table's writers do not reach."""

    place: Place
    hash: str


@dataclass(frozen=True)
class Reached:
    """How far a chain was followed and found sound: what comes next must stand at `next` and name `hash`. In front of
    the very first entry, whose month nobody foretells, there is no `next`.
    """

    hash: str
    next: Place | None = None
    last: Place | None = None
    checked: int = 0

    @classmethod
    def nothing(cls, tenant_id: str) -> Reached:
        return cls(genesis(tenant_id))

    def by(self, entry: Entry) -> Reached:
        return Reached(entry.hash, successor(entry), entry.place, self.checked + 1)


@dataclass(frozen=True)
class Verdict:
    """`is_whole` is false while there is more to check."""

    reached: Reached
    fault: Fault | None = None
    is_whole: bool = True
    anchored: Anchor | None = None


class Progress(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class Export:
    """A tenant's whole trail as one file, in the making: `parts` are done, and `reached` is where the next begins."""

    id: str
    tenant_id: str
    asked_by: str
    created_at: datetime
    progress: Progress = Progress.WAITING
    upload: str | None = None
    parts: tuple[str, ...] = ()
    at: Place | None = None
    written: int = 0
    rev: int = 1

    @property
    def is_over(self) -> bool:
        return self.progress in {Progress.READY, Progress.FAILED}

    def begun(self, upload: str) -> Export:
        """Also anew: the trail only grows, so that the same parts come out again."""
        return replace(self, progress=Progress.RUNNING, upload=upload, parts=(), at=None, written=0)

    def by(self, part: str, *, at: Place | None, lines: int) -> Export:
        return replace(self, parts=(*self.parts, part), at=at, written=self.written + lines)


def flaw(entry: Entry, *, previous: str, follows: Place | None, tenant_id: str) -> str | None:
    if entry.event.tenant_id != tenant_id:
        return "it belongs to another tenant"
    if entry.hash != seal(entry):
        return "it was altered"
    if entry.previous != previous:
        return "what came before it is missing or was moved"
    return "it is not in its place" if follows is not None and entry.place != follows else None


def successor(entry: Entry) -> Place:
    return Place(entry.event.subject, 1) if entry.closes_month else entry.place.next


def canonical(entry: Entry) -> str:
    """The text that an entry's hash is the SHA-256 of: JSON, names sorted, no blanks, letters as they are."""
    event = entry.event
    document = {
        "v": event.version,
        "tenant": event.tenant_id,
        "month": entry.place.month,
        "sequence": entry.place.sequence,
        "at": moment(event.at),
        "actor": event.actor,
        "action": event.action,
        "subject": event.subject,
        "request_id": event.request_id,
        "previous": entry.previous,
    }
    if event.facts:
        document["facts"] = dict(event.facts)
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def whole_milliseconds(at: datetime) -> datetime:
    """Entries know no smaller time, so that an event compares equal to what was read back."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def moment(at: datetime) -> str:
    """The one spelling of a time that is hashed and stored."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
