"""A clock that stands still until told otherwise."""

from __future__ import annotations

from datetime import datetime, timedelta


class ManualClock:
    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def stand(self, at: datetime) -> None:
        self._at = at

    def advance(self, **length: float) -> datetime:
        """`advance(minutes=5)`; returns the new time."""
        self._at += timedelta(**length)
        return self._at
