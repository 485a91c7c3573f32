"""Taking back what was wrong: subscriptions that a push service, or a site's impatience, ended, brought back by an
operator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import Invalid
from chalicelib.core.paging import Cursors
from chalicelib.features.subscriptions.model import EndReason, Subscription, is_over
from chalicelib.features.subscriptions.service.ports import SiteBook, SubscriptionStore


@dataclass(frozen=True)
class Portion:
    """What one call may do: a few seconds of reading, and of writing, because each that is restored is a write."""

    examined: int = 10_000
    restored: int = 1_000
    rows_a_read: int = 500


@dataclass(frozen=True)
class Mistake:
    """When a push service called subscriptions gone that were not, and which one, if it was one: from, until before. Or
    a site gave them up too soon.
    """

    ended_from: datetime
    ended_until: datetime
    push_host: str | None = None
    reason: EndReason = EndReason.GONE

    def explains(self, tombstone: Subscription, *, now: datetime) -> bool:
        return (
            tombstone.ended_reason == self.reason
            and tombstone.ended_at is not None
            and self.ended_from <= tombstone.ended_at < self.ended_until
            and not is_over(tombstone, now=now)
            and self.push_host in {None, tombstone.push_host}
        )


@dataclass(frozen=True)
class Restored:
    """What one call did; with `cursor` the next one goes on from there."""

    restored: int
    examined: int
    cursor: str | None


class Tombstones:
    def __init__(
        self,
        *,
        store: SubscriptionStore,
        sites: SiteBook,
        cursor_secret: Callable[[], bytes],
        portion: Portion = Portion(),
    ) -> None:
        self._store = store
        self._sites = sites
        self._cursor_secret = cursor_secret
        self._portion = portion

    def restore(
        self,
        *,
        tenant_id: str,
        site_id: str,
        mistake: Mistake,
        cursor: str | None,
        only_count: bool,
        now: datetime,
    ) -> Restored:
        """In the order of keys. Each begins a new life: whoever still means to end the old one changes nothing. Who has
        come back meanwhile, or has left by himself, stays as he is.
        """
        self._sites.get(tenant_id=tenant_id, site_id=site_id)
        if mistake.ended_from >= mistake.ended_until:
            raise Invalid("This span of time is empty.", pointer="/ended_until")
        cursors = Cursors(secret=self._cursor_secret(), scope=f"{tenant_id}/{site_id}/restore?{mistake}&{only_count}")
        position = cursors.open(cursor)
        restored = examined = 0
        while examined < self._portion.examined:
            after = None if position is None else bytes.fromhex(position)
            rows, more = self._store.page(tenant_id, site_id, after=after, limit=self._portion.rows_a_read)
            for row in rows:
                if restored == self._portion.restored:
                    return Restored(restored, examined, cursors.seal(position))
                restored += mistake.explains(row, now=now) and (only_count or self._revive(row, now))
                examined += 1
                position = row.key.hex()
            if not more:
                return Restored(restored, examined, None)
        return Restored(restored, examined, cursors.seal(position))

    def _revive(self, tombstone: Subscription, now: datetime) -> bool:
        active_since = max(in_milliseconds(now), tombstone.active_since + 1)
        return self._store.revive(tombstone, active_since=active_since)
