"""What browsers tell is judged event by event at the door, and waits in a queue to be counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Protocol

from chalicelib.core.receipts import Receipts
from chalicelib.features.analytics.model import Claim, Event, Judge, Life, NotTaken, Report


class Waiting(Protocol):
    def put(self, report: Report) -> None:
        """It will be counted, maybe twice over. Raises Unavailable."""
        ...


@dataclass(frozen=True)
class RefusedClaim:
    """The place in the report that it stood at."""

    place: int
    code: str


@dataclass(frozen=True)
class Taken:
    count: int
    refused: tuple[RefusedClaim, ...]


class Reporting:
    def __init__(self, *, receipts: Callable[[], Receipts], waiting: Waiting) -> None:
        self._receipts = receipts
        self._waiting = waiting

    def report(self, *, tenant_id: str, site_id: str, claims: Sequence[Claim], now: datetime) -> Taken:
        """Each for itself: one that is refused takes none of the others with it."""
        judge = Judge(self._receipts(), tenant_id, now)
        events: list[Event] = []
        lives: dict[bytes, Life] = {}
        refused: list[RefusedClaim] = []
        for place, claim in enumerate(claims):
            try:
                event, life = judge.hear(claim)
            except NotTaken as reason:
                refused.append(RefusedClaim(place, reason.code))
            else:
                events.append(event)
                if life is not None:
                    lives[life.key] = max(life, lives.get(life.key, life), key=attrgetter("at"))
        if events:
            self._waiting.put(Report(tenant_id, site_id, tuple(events), tuple(lives.values())))
        return Taken(len(events), tuple(refused))
