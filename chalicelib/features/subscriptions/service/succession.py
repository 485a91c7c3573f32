"""One browser, one subscription: who takes over from whom when a browser gets a new endpoint, when calls cross each
other on the way, and when two tabs do the same at once. A row that was replaced names its successor, so that whoever
knows an old endpoint finds the row that stands for the browser now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import msgspec

from chalicelib.features.subscriptions.model import UNWILLING, EndReason, Subscription, SubscriptionEnded
from chalicelib.features.subscriptions.service.ports import SubscriptionStore

_MOST_HOPS = 10
_ATTEMPTS = 10


class Succession:
    def __init__(self, store: SubscriptionStore) -> None:
        self._store = store

    def elders(
        self,
        tenant_id: str,
        site_id: str,
        *,
        key: bytes,
        known: Subscription | None,
        previous: bytes | None,
        said_ms: int,
    ) -> Sequence[Subscription]:
        """The rows that the one of `key` takes over from: where the `previous` one has led to, and, where it has itself
        been replaced before, its own successor. The last word counts: raises SubscriptionEnded if this is not it.
        """
        rival = None if known is None or known.is_active else self._newest(known)
        if rival is not None and known is not None and 0 < said_ms < rival.packed.said_ms:
            raise SubscriptionEnded(ended_reason=known.ended_reason)
        older = self._newest(self._store.get(tenant_id, site_id, previous)) if previous and previous != key else None
        found = {row.key: row for row in (older, rival) if row is not None}
        return [row for row in found.values() if row.key != key and may_pass_on(row)]

    def retire(self, elder: Subscription, *, heir: bytes, now: datetime) -> None:
        """If another was faster to take over from it, from that one."""
        row: Subscription | None = elder
        for _ in range(_ATTEMPTS):
            if row is None or row.key == heir or not may_pass_on(row) or self._replaced(row, heir, now):
                return
            row = self._newest(self._store.get(row.tenant_id, row.site_id, row.key))

    def _replaced(self, row: Subscription, heir: bytes, now: datetime) -> bool:
        if not row.is_active:
            return self._store.put(replace(row, ended_reason=EndReason.REPLACED.value, successor=heir))
        return self._store.bury(
            row.tenant_id,
            row.site_id,
            key=row.key,
            active_since=row.active_since,
            reason=EndReason.REPLACED.value,
            at=now,
            successor=heir,
        )

    def _newest(self, row: Subscription | None) -> Subscription | None:
        for _ in range(_MOST_HOPS):
            if row is None or row.successor is None:
                break
            row = self._store.get(row.tenant_id, row.site_id, row.successor)
        return row


def inheriting(subscription: Subscription, older: Subscription) -> Subscription:
    """What another row of the same browser knew, where this one knows nothing; whose life began last knows better. Not
    how long it has been active: whoever was pushed to under the old key must not look like a recipient of that run
    under the new one.
    """
    first, second = subscription, older
    if older.active_since > subscription.active_since:
        first, second = older, subscription
    own, old = first.packed, second.packed
    packed = msgspec.structs.replace(
        subscription.packed,
        zone=own.zone or old.zone,
        language=own.language or old.language,
        country=own.country or old.country,
        family=own.family or old.family,
        tags=own.tags or old.tags,
        attributes=own.attributes or old.attributes,
        created_ms=min(own.created_ms, old.created_ms),
        consent=own.consent or old.consent,
        said_ms=max(own.said_ms, old.said_ms),
        identified_ms=max(own.identified_ms, old.identified_ms),
    )
    return replace(subscription, packed=packed, external_id=_person_of(first, second))


def _person_of(first: Subscription, second: Subscription) -> str | None:
    """Of two rows of one browser: by the later word, of which none may be that nobody is signed in."""
    later, earlier = first, second
    if second.packed.identified_ms > first.packed.identified_ms:
        later, earlier = second, first
    return later.external_id if later.packed.identified_ms else later.external_id or earlier.external_id


def may_pass_on(older: Subscription) -> bool:
    """Whether a new endpoint of the same browser takes over from this row. Who left on purpose left; what was passed on
    once is not passed on twice.
    """
    return older.is_active or older.ended_reason in UNWILLING
