"""The audit trail in memory, and a trail that only remembers what it was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from chalicelib.core.errors import Unavailable
from chalicelib.features.audit.model import Anchor, Entry, Event, Fact, Fault, Place, genesis


class MemoryChain:
    """`rivals` get in between a reader and its write, one for each write; `down` fails the calls it names."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, Place], Entry] = {}
        self.landed: set[tuple[str, str, str]] = set()
        self.rivals: list[Sequence[Entry]] = []
        self.down: set[str] = set()

    def last_of(self, tenant_id: str, month: str) -> Entry | None:
        self._answer("last_of")
        places = [place for owner, place in self.entries if owner == tenant_id and place.month == month]
        return self.entries[tenant_id, max(places)] if places else None

    def newest_month(self, tenant_id: str) -> str | None:
        self._answer("newest_month")
        return max((place.month for owner, place in self.entries if owner == tenant_id), default=None)

    def at(self, tenant_id: str, place: Place) -> Entry | None:
        self._answer("at")
        return self.entries.get((tenant_id, place))

    def put(self, entries: Sequence[Entry], *, once: Event | None = None) -> bool:
        self._answer("put")
        if self.rivals:
            self._land(self.rivals.pop(0))
        last = entries[-1]
        begins = last.previous == genesis(last.event.tenant_id)
        if begins and self.of(last.event.tenant_id):
            return False
        if any((entry.event.tenant_id, entry.place) in self.entries for entry in entries):
            return False
        if once is not None:
            mark = (once.tenant_id, once.request_id, once.action)
            if mark in self.landed:
                return True
            self.landed.add(mark)
        self._land(entries)
        self._answer("put's answer")
        return True

    def of(self, tenant_id: str) -> list[Entry]:
        return [self.entries[key] for key in sorted(self.entries) if key[0] == tenant_id]

    def _land(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self.entries[entry.event.tenant_id, entry.place] = entry

    def _answer(self, call: str) -> None:
        if call in self.down:
            raise Unavailable


class MemoryLedger:
    """Entries as somebody may have left them, two to a page."""

    def __init__(self, tenant_id: str, rows: Sequence[Entry | Fault] = (), *, more_months: Sequence[str] = ()) -> None:
        self.tenant_id = tenant_id
        self.rows = {row.place: row for row in rows}
        self.more_months = more_months

    def months(self, tenant_id: str) -> Sequence[str]:
        mine = {place.month for place in self.rows} if tenant_id == self.tenant_id else set()
        return sorted(mine | set(self.more_months))

    def stretch(self, tenant_id: str, place: Place) -> Sequence[Entry | Fault]:
        return [self.rows[each] for each in sorted(self._of(place.month)) if each >= place][:2]

    def newest(self, tenant_id: str, month: str, *, before: int | None, most: int) -> Sequence[Entry | Fault]:
        there = sorted(self._of(month), reverse=True)
        return [self.rows[each] for each in there if before is None or each.sequence < before][:2]

    def _of(self, month: str) -> list[Place]:
        return [place for place in self.rows if place.month == month]


class MemoryAnchors:
    def __init__(self, *anchors: Anchor) -> None:
        self.anchors = list(anchors)
        self.planned: set[tuple[str, str]] = set()

    def of(self, tenant_id: str, *, since: str) -> Sequence[Anchor]:
        return sorted((each for each in self.anchors if each.place.month >= since), key=lambda each: each.place)

    def put(self, tenant_id: str, anchor: Anchor) -> None:
        self.anchors.append(anchor)

    def plan(self, tenant_id: str, *, at: datetime) -> None:
        self.planned.add((tenant_id, at.date().isoformat()))


class MemoryBacklog:
    def __init__(self) -> None:
        self.events: list[tuple[Event, Place | None]] = []

    def put(self, event: Event, *, tried: Place | None) -> None:
        self.events.append((event, tried))


class RememberedTrail:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.is_away = False

    def append(
        self,
        *,
        tenant_id: str,
        actor: str,
        action: str,
        subject: str,
        request_id: str,
        at: datetime,
        facts: Mapping[str, Fact] | None = None,
    ) -> None:
        if self.is_away:
            raise Unavailable
        self.events.append(Event(tenant_id, actor, action, subject, request_id, at, facts or {}))


class MemoryReadings:
    def __init__(self) -> None:
        self.seen: set[tuple[str, ...]] = set()

    def is_first(self, *, tenant_id: str, actor: str, what: str, at: datetime) -> bool:
        mark = (tenant_id, actor, what, f"{at:%Y%m%d%H}")
        is_first = mark not in self.seen
        self.seen.add(mark)
        return is_first
