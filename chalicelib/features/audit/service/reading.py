"""Reading the trail: newest first for people, and followed from its first entry for whoever doubts it.

A proof needs no trust in the table: what was cut off at the end, or written anew from some entry on, disagrees with the
anchors, which are kept elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from chalicelib.core.paging import Cursors, Page
from chalicelib.features.audit.model import Anchor, Entry, Fault, Place, Reached, Verdict, flaw

_MOST_READ = 1000  # rows for one page that filters thin out
_MOST_CHECKED = 10_000  # entries a request: seconds, where API Gateway waits for 29
_PAGE = 100
MISSING = "it is missing"
NOT_AS_ANCHORED = "it is not what was anchored on its day"


class Ledger(Protocol):
    def months(self, tenant_id: str) -> Sequence[str]:
        """Those that have entries, oldest first."""
        ...

    def stretch(self, tenant_id: str, place: Place) -> Sequence[Entry | Fault]:
        """Some entries of the month from this place on, in order; none at its end. A Fault is what is no entry."""
        ...

    def newest(self, tenant_id: str, month: str, *, before: int | None, most: int) -> Sequence[Entry | Fault]:
        """The month's last entries, newest first; or the last of those before a number."""
        ...


class AnchorsKept(Protocol):
    def of(self, tenant_id: str, *, since: str) -> Sequence[Anchor]:
        """All from this month on, in their order. Of one place there may be two, when one is a lie."""
        ...


@dataclass(frozen=True)
class Filter:
    actor: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, entry: Entry) -> bool:
        event = entry.event
        return (
            self.actor in {None, event.actor}
            and self.action in {None, event.action}
            and (self.since is None or event.at >= self.since)
            and (self.until is None or event.at < self.until)
        )


class AuditTrail:
    def __init__(self, *, ledger: Ledger, anchors: AnchorsKept, cursor_secret: Callable[[], bytes]) -> None:
        self._ledger = ledger
        self._anchors = anchors
        self._cursor_secret = cursor_secret

    def list(self, *, tenant_id: str, wanted: Filter, limit: int, cursor: str | None) -> Page[Entry]:
        """Newest first. A filter may leave a page short, or empty: there is more as long as there is a cursor."""
        cursors = self._cursors(tenant_id, "entries")
        position = cursors.open(cursor)
        before = _place(position) if position else None
        found: list[Entry] = []
        for read, one in enumerate(self._backwards(tenant_id, before, oldest=_month_of(wanted.since)), 1):
            place = one.place
            if isinstance(one, Entry) and wanted.takes(one):
                found.append(one)
            if len(found) == limit or read == _MOST_READ:
                return Page(found, cursors.seal(f"{place.month}#{place.sequence}"))
        return Page(found, None)

    def verify(self, *, tenant_id: str, cursor: str | None) -> tuple[Verdict, str | None]:
        """Follows the chain for as long as a request may take; the cursor says where to go on."""
        cursors = self._cursors(tenant_id, "proof")
        position = cursors.open(cursor)
        verdict = self.follow(tenant_id, _reached(position) if position else Reached.nothing(tenant_id))
        going_on = None if verdict.is_whole or verdict.fault else cursors.seal(_spelled(verdict.reached))
        return verdict, going_on

    def follow(self, tenant_id: str, reached: Reached, *, most: int = _MOST_CHECKED) -> Verdict:
        """As far as `most` more entries, from what was found sound before."""
        anchors = self._anchors.of(tenant_id, since=reached.next.month if reached.next else "")
        anchored = anchors[-1] if anchors else None
        enough = reached.checked + most
        for found in self._forwards(tenant_id, reached, anchors):
            if isinstance(found, Fault):
                return Verdict(reached, found, anchored=anchored)
            if reason := flaw(found, previous=reached.hash, follows=reached.next, tenant_id=tenant_id):
                return Verdict(reached, Fault(found.place, reason), anchored=anchored)
            reached = reached.by(found)
            if reached.checked >= enough:
                return Verdict(reached, is_whole=False, anchored=anchored)
        return Verdict(reached, _unopened(reached), anchored=anchored)

    def _forwards(self, tenant_id: str, reached: Reached, anchors: Sequence[Anchor]) -> Iterator[Entry | Fault]:
        """Entry by entry, through all months that the table, the chain or an anchor knows of."""
        months = {*self._ledger.months(tenant_id), *(anchor.place.month for anchor in anchors)}
        hashes: dict[Place, set[str]] = defaultdict(set)
        for anchor in anchors:
            hashes[anchor.place].add(anchor.hash)
        at = reached.next or (Place(min(months), 1) if months else None)
        while at is not None:
            end = at
            for found in self._month(tenant_id, at):
                yield _against(hashes, found)
                end = found.place.next
                if isinstance(found, Entry) and found.closes_month:
                    months.add(found.event.subject)
            if end.is_first_of_month or any(a.place.month == end.month and a.place >= end for a in anchors):
                yield Fault(end, MISSING)
            following = min((month for month in months if month > end.month), default=None)
            at = Place(following, 1) if following else None

    def _month(self, tenant_id: str, at: Place) -> Iterator[Entry | Fault]:
        while found := self._ledger.stretch(tenant_id, at):
            yield from found
            at = found[-1].place.next

    def _backwards(self, tenant_id: str, before: Place | None, *, oldest: str) -> Iterator[Entry | Fault]:
        """An event may be late, and in a month after its own; none is ever in one before."""
        for month in reversed(self._ledger.months(tenant_id)):
            if month < oldest or (before is not None and month > before.month):
                continue
            sequence = before.sequence if before and before.month == month else None
            while found := self._ledger.newest(tenant_id, month, before=sequence, most=_PAGE):
                yield from found
                sequence = found[-1].place.sequence

    def _cursors(self, tenant_id: str, of: str) -> Cursors:
        return Cursors(secret=self._cursor_secret(), scope=f"{tenant_id}/audit/{of}")


def _against(anchored: Mapping[Place, set[str]], found: Entry | Fault) -> Entry | Fault:
    if isinstance(found, Entry) and anchored.get(found.place, set()) - {found.hash}:
        return Fault(found.place, NOT_AS_ANCHORED)
    return found


def _unopened(reached: Reached) -> Fault | None:
    """The last entry closed its month, and the one that it names has nothing."""
    at = reached.next
    return Fault(at, MISSING) if at is not None and at.is_first_of_month else None


def _spelled(reached: Reached) -> str:
    """Of where something was followed to: nobody goes on from nothing."""
    places = [part for place in (reached.next, reached.last) if place for part in (place.month, place.sequence)]
    return "#".join(map(str, (*places, reached.checked, reached.hash)))


def _reached(position: str) -> Reached:
    month, sequence, last_month, last_sequence, checked, found = position.split("#")
    return Reached(found, Place(month, int(sequence)), Place(last_month, int(last_sequence)), int(checked))


def _month_of(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y%m") if at else ""


def _place(position: str) -> Place:
    month, sequence = position.split("#")
    return Place(month, int(sequence))
