"""Appending to the audit trail. Called by the HTTP door after every mutation; a table that does not answer only delays
an entry: the queue's worker lands it later, exactly once. When the queue is silent too, the door raises the alarm.

A warm process remembers the last entry it has landed of each tenant and asks for the place behind it: whoever else has
been there since has taken that place, and then it looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.core.errors import Unavailable
from chalicelib.features.audit.model import Entry, Event, Fact, Place, chain, turn_of_month, whole_milliseconds

PERSONAL_DATA_READ = "personal_data.read"
_MOST_ROUNDS = 20
_MOST_REMEMBERED = 1_000


class Chain(Protocol):
    def last_of(self, tenant_id: str, month: str) -> Entry | None:
        """The highest entry of a month."""
        ...

    def newest_month(self, tenant_id: str) -> str | None:
        """The last month that has entries."""
        ...

    def at(self, tenant_id: str, place: Place) -> Entry | None:
        """The entry at one place."""
        ...

    def put(self, entries: Sequence[Entry], *, once: Event | None = None) -> bool:
        """All or none; False when a place is taken. With `once`, an event that landed before lands no second time."""
        ...


class Backlog(Protocol):
    def put(self, event: Event, *, tried: Place | None) -> None:
        """Land it later. `tried` is where it may have landed without our being told."""
        ...


class Anchors(Protocol):
    def plan(self, tenant_id: str, *, at: datetime) -> None:
        """Anchor this tenant's head when the day of `at` is over. May be planned any number of times."""
        ...


class Readings(Protocol):
    def is_first(self, *, tenant_id: str, actor: str, what: str, at: datetime) -> bool:
        """Of this actor's, in this hour. Only one of many at once is."""
        ...


class AuditLog:
    """A day's first entry plans the anchor of that day, and does so before it is written: one that nothing plans would
    leave the day's end unguarded.
    """

    def __init__(self, *, entries: Chain, backlog: Backlog, anchors: Anchors, readings: Readings) -> None:
        self._entries = entries
        self._backlog = backlog
        self._anchors = anchors
        self._readings = readings
        self._landed: dict[str, Entry] = {}  # each is good for one try

    def note_reading(
        self, *, tenant_id: str, actor: str, what: str, subject: str, request_id: str, at: datetime
    ) -> None:
        """Who leafs through a list reads it a hundred times; that they read it at all is what anybody will ask."""
        if self._readings.is_first(tenant_id=tenant_id, actor=actor, what=f"{what} {subject}", at=at):
            self.append(
                tenant_id=tenant_id,
                actor=actor,
                action=PERSONAL_DATA_READ,
                subject=subject,
                request_id=request_id,
                at=at,
                facts={"what": what},
            )

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
        event = Event(tenant_id, actor, action, subject, request_id, whole_milliseconds(at), dict(facts or {}))
        tried: Place | None = None
        try:
            for _ in range(_MOST_ROUNDS):
                tried = None
                following = self._following(event)
                tried = following[-1].place
                if self._entries.put(following):
                    self._remember(following[-1])
                    return
        except Unavailable:
            self._backlog.put(event, tried=tried)
            return
        self._backlog.put(event, tried=None)

    def land(self, event: Event, *, tried: Place | None) -> None:
        """The backlog's end. May be called any number of times for one event, also at once."""
        there = self._entries.at(event.tenant_id, tried) if tried else None
        if there is not None and there.event == event:
            return
        self._anchors.plan(event.tenant_id, at=event.at)  # the day's own may be over
        for _ in range(_MOST_ROUNDS):
            if self._entries.put(self._following(event), once=event):
                return
        raise Unavailable

    def _remember(self, last: Entry) -> None:
        if len(self._landed) >= _MOST_REMEMBERED:
            self._landed.clear()
        self._landed[last.event.tenant_id] = last

    def _following(self, event: Event) -> Sequence[Entry]:
        """What comes next in the chain. It never goes back to a month that another has followed."""
        last = self._landed.pop(event.tenant_id, None) or self._last(event)
        if last is None or last.event.at.date() < event.at.date():
            self._anchors.plan(event.tenant_id, at=event.at)
        if last is None:
            return [chain(event, place=Place(event.month, 1), after=None)]
        if last.place.month < event.month:
            return turn_of_month(event, last)
        return [chain(event, place=last.place.next, after=last)]

    def _last(self, event: Event) -> Entry | None:
        for _ in range(_MOST_ROUNDS):
            last = self._entries.last_of(event.tenant_id, event.month)
            if last is None or last.closes_month:
                newest = self._entries.newest_month(event.tenant_id)
                last = self._entries.last_of(event.tenant_id, newest) if newest else None
            if last is None or not last.closes_month:
                return last
        raise Unavailable
