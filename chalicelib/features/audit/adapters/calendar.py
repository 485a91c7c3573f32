"""The calendar as the trail sees it: one entry for each tenant and day, soon after midnight."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, time, timedelta

from chalicelib.core import clock
from chalicelib.features.due.model import Entry, Kind
from chalicelib.features.due.service import Due

TRAIL = "trail"
_SPREAD_SECONDS = 3600  # not every tenant at midnight
_LATE = timedelta(minutes=5)  # an entry of the day may still be on its way


class AnchorCalendar:
    def __init__(self, due: Due) -> None:
        self._due = due

    def plan(self, tenant_id: str, *, at: datetime) -> None:
        midnight = datetime.combine(at.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
        wanted = midnight + _LATE + timedelta(seconds=zlib.crc32(tenant_id.encode()) % _SPREAD_SECONDS)
        self._due.put(kind=Kind.ANCHOR, tenant_id=tenant_id, owner_id=TRAIL, at=wanted, now=clock.now())

    def done(self, entry: Entry) -> None:
        self._due.done(entry)
