"""The calendar of the whole installation: owners put and drop entries, the tick turns due ones into messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.core.clock import minute_of
from chalicelib.core.errors import FromTheFuture
from chalicelib.features.due.model import (
    MOVED_AHEAD_BY,
    QUEUES,
    SHARDS,
    WATERMARK_LAG_MINUTES,
    DueMessage,
    Entry,
    Kind,
    no_earlier,
)


class Entries(Protocol):
    def put(self, entry: Entry) -> None:
        """Write the entry into its minute."""
        ...

    def drop(self, entry: Entry) -> None:
        """Remove it from its minute; no matter if it is not there."""
        ...

    def of_minute(self, minute: int, shard: int, *, for_good: bool) -> Iterable[Entry]:
        """All entries of a minute's shard. `for_good`, when nobody will look there again: by a consistent read. What
        is looked at again may miss what was written in the last second. Raises FromTheFuture after the last that is
        known.
        """
        ...

    def watermark(self) -> int | None:
        """The last minute known to be empty for good."""
        ...

    def raise_watermark(self, minute: int) -> None:
        """Only ever upwards."""
        ...


class Wakes(Protocol):
    def send(self, queue: str, message: DueMessage, *, delay_seconds: int) -> None:
        """Hand a due entry to the queue of its kind."""
        ...


class Alarms(Protocol):
    def __call__(self, event: str, **facts: str | float | None) -> None:
        """Tell whoever is on call."""
        ...


class Due:
    def __init__(self, *, entries: Entries, wakes: Wakes, alarm: Alarms) -> None:
        self._entries = entries
        self._wakes = wakes
        self._alarm = alarm

    def put(self, *, kind: Kind, tenant_id: str, owner_id: str, at: datetime, now: datetime) -> datetime:
        """Returns the instant to store as `look_at`."""
        at = no_earlier(at, than=now)
        self._entries.put(Entry.at_its_minute(kind, tenant_id, owner_id, at))
        return at

    def drop(self, *, kind: Kind, tenant_id: str, owner_id: str, at: datetime | None) -> None:
        if at is not None:
            self._entries.drop(Entry.at_its_minute(kind, tenant_id, owner_id, at))

    def settle(self, entry: Entry, *, look_at: datetime | None, now: datetime) -> bool:
        """Whether the entry speaks for its owner. One that does not, and will not, is dropped."""
        if entry.at == look_at:
            return True
        if entry.is_stale(look_at, now=now):
            self._entries.drop(entry)
        return False

    def done(self, entry: Entry) -> None:
        """The owner has moved on; its entry goes, wherever it stands."""
        self._entries.drop(entry)

    def tick(self, *, now: datetime, has_time: Callable[[], bool]) -> int:
        """Send every entry whose time has come. Ticks may overlap: whoever receives twice claims once.

        The last minutes come first, and are looked at again by the next ticks, so that these looks may be the cheaper
        ones; what an outage left behind follows as long as there is time.
        """
        newest = minute_of(now)
        settled = newest - WATERMARK_LAG_MINUTES
        sent = sum(self._send_minute(minute, now=now, for_good=False) for minute in range(settled + 1, newest + 1))
        watermark = self._entries.watermark()
        empty_up_to = settled - 1 if watermark is None else watermark
        unbroken = True
        for minute in range(empty_up_to + 1, settled + 1):
            if not has_time():
                break
            found = self._send_minute(minute, now=now, for_good=True)
            sent += found
            unbroken = unbroken and not found
            empty_up_to = minute if unbroken else empty_up_to
        if empty_up_to != watermark:
            self._entries.raise_watermark(empty_up_to)
        return sent

    def _send_minute(self, minute: int, *, now: datetime, for_good: bool) -> int:
        """How many stand there. What only newer code can read waits for it where it is, and holds the watermark."""
        found = 0
        for shard in range(SHARDS):
            try:
                for entry in self._entries.of_minute(minute, shard, for_good=for_good):
                    self._send(self._moved_ahead(entry, now=now) if entry.is_stuck(now=now) else entry, now=now)
                    found += 1
            except FromTheFuture:
                found += 1
        return found

    def _send(self, entry: Entry, *, now: datetime) -> None:
        """A kind that only newer code knows waits for that code, in the calendar."""
        queue = QUEUES.get(entry.kind)
        if queue is not None:
            wait = max(timedelta(), entry.at - now)
            self._wakes.send(queue, entry.message(), delay_seconds=round(wait.total_seconds()))

    def _moved_ahead(self, entry: Entry, *, now: datetime) -> Entry:
        """One that fails, or was found late, must not hold the rest: it waits further on, and someone hears of it."""
        self._alarm("due_entry_late", kind=entry.kind, tenant_id=entry.tenant_id)
        ahead = Entry(entry.kind, entry.tenant_id, entry.id, entry.at, minute_of(now + MOVED_AHEAD_BY))
        self._entries.put(ahead)
        self._entries.drop(entry)
        return ahead
