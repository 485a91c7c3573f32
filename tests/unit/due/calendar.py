"""The installation's calendar in memory, with a tick that keeps what it sends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chalicelib.core.clock import minute_of
from chalicelib.core.errors import FromTheFuture
from chalicelib.features.due.model import DueMessage, Entry, Kind
from chalicelib.features.due.service import Due
from tests.chaos.stores import Entries as PlainEntries

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Entries(PlainEntries):
    def __init__(self) -> None:
        super().__init__()
        self.raised: list[int] = []
        self.unreadable: set[Entry] = set()  # by any but newer code
        self.fresh: set[Entry] = set()  # so much so that only a consistent read has them

    def of_minute(self, minute: int, shard: int, *, for_good: bool) -> Iterator[Entry]:
        found = set(super().of_minute(minute, shard, for_good=for_good)) - (set() if for_good else self.fresh)
        yield from found - self.unreadable
        if found & self.unreadable:
            raise FromTheFuture

    def raise_watermark(self, minute: int) -> None:
        self.raised.append(minute)
        super().raise_watermark(minute)


@dataclass
class Calendar:
    entries: Entries = field(default_factory=Entries)
    sent: list[tuple[str, DueMessage, int]] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)

    @property
    def due(self) -> Due:
        return Due(entries=self.entries, wakes=self, alarm=lambda event, **_: self.alarms.append(event))

    def send(self, queue: str, message: DueMessage, *, delay_seconds: int) -> None:
        self.sent.append((queue, message, delay_seconds))

    def add(self, at: datetime, *, owner: str = "run_a", kind: Kind = Kind.RUN) -> Entry:
        entry = Entry.at_its_minute(kind, "ten_a", owner, at)
        self.entries.put(entry)
        return entry

    def tick(self, now: datetime, *, minutes_it_has: int = 10**6) -> int:
        """`minutes_it_has` of catching up before its time is up."""
        left = iter(range(minutes_it_has))
        return self.due.tick(now=now, has_time=lambda: next(left, None) is not None)

    @property
    def watermark(self) -> int:
        """Relative to noon."""
        found = self.entries.watermark()
        assert found is not None
        return found - minute_of(NOON)
