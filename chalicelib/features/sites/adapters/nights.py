"""A tenant's nightly round, which ends subscriptions that gave no sign of life: put into the calendar."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.features.due.model import ROUND, Kind, next_night
from chalicelib.features.due.service import Due

_NOT_BEFORE = timedelta(hours=1)  # a round that is beginning now may have found that nobody needs it


class Nights:
    def __init__(self, due: Due) -> None:
        self._due = due

    def plan(self, *, tenant_id: str, now: datetime) -> None:
        at = next_night(tenant_id, after=now + _NOT_BEFORE)
        self._due.put(kind=Kind.RETENTION, tenant_id=tenant_id, owner_id=ROUND, at=at, now=now)
