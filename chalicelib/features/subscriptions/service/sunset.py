"""Ending subscriptions of which nothing was heard for longer than their site waits. The nightly round walks through
them, a portion at a time; each may be walked again, and nobody is ended who gave a sign of life meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.features.subscriptions.model import EndReason, Status, Subscription, is_unseen
from chalicelib.features.subscriptions.service.ports import SubscriptionStore

_ROWS_A_PORTION = 500


@dataclass(frozen=True)
class Walked:
    """How many were ended, and the last key that was looked at; None: there are no more."""

    ended: int
    position: bytes | None


class Sunset:
    def __init__(self, *, store: SubscriptionStore, rows_a_portion: int = _ROWS_A_PORTION) -> None:
        self._store = store
        self._rows_a_portion = rows_a_portion

    def walk(self, *, tenant_id: str, site_id: str, days: int, after: bytes | None, now: datetime) -> Walked:
        """In the order of keys."""
        rows, more = self._store.page(tenant_id, site_id, after=after, limit=self._rows_a_portion)
        ended = sum(is_unseen(row, days=days, now=now) and self._end(row, now) for row in rows)
        return Walked(ended, rows[-1].key if more else None)

    def _end(self, row: Subscription, now: datetime) -> bool:
        """As it was read or not at all: a visit since then is a new revision."""
        return self._store.put(
            replace(row, status=Status.ENDED, ended_at=now, ended_reason=EndReason.SUNSET.value, trouble=None)
        )
