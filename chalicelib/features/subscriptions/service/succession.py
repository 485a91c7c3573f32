"""One browser, one subscription: who takes over from whom when a browser gets a new endpoint, when calls cross each
other on the way, and when two tabs do the same at once. A row that was replaced names its successor, so that whoever
knows an old endpoint finds the row that stands for the browser now; of its visitor it knows nothing any more.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from chalicelib.core.errors import NotFound
from chalicelib.features.subscriptions.model import (
    UNWILLING,
    EndReason,
    Packed,
    Status,
    Subscription,
    SubscriptionEnded,
    is_over,
)
from chalicelib.features.subscriptions.service.ports import SubscriptionStore

_MOST_HOPS = 10
_BY_WORD = frozenset({EndReason.UNSUBSCRIBED, EndReason.REMOVED})  # the visitor's, or the owner's


@dataclass(frozen=True)
class Newcomer:
    """Who subscribes. A renewal is no word of the visitor."""

    tenant_id: str
    site_id: str
    key: bytes
    previous: bytes | None
    said_ms: int
    is_renewal: bool


class Succession:
    def __init__(self, store: SubscriptionStore) -> None:
        self._store = store

    def elders(
        self, newcomer: Newcomer, known: Subscription | None, *, met: Container[bytes], now: datetime
    ) -> Sequence[Subscription]:
        """The rows that its own one takes over from: where the `previous` one has led to, and, where it has itself
        been replaced before, its own successor; the newest is the last. The last word counts: raises SubscriptionEnded
        if this is not it, whichever row has heard that. `met` are those that it was to take over from a moment ago.
        Raises NotFound where nothing is left to renew.
        """
        key, previous, said_ms = newcomer.key, newcomer.previous, newcomer.said_ms
        rival = None if known is None or known.is_active else self._newest(known)
        if known is not None and not known.is_active and _was_heard(said_ms, known, rival or known):
            raise SubscriptionEnded(ended_reason=known.ended_reason)
        older = self._newest(self._before(newcomer))
        if older is not None and older.key != key:
            crosses = known is not None and older.key in met and _was_said_after(known, older)
            if crosses or _has_gone_on(older, previous, said_ms):
                self._take_along(known, older, crosses=crosses)
                raise SubscriptionEnded(ended_reason=EndReason.REPLACED if older.is_active else older.ended_reason)
        if newcomer.is_renewal:
            _check_renewal([row for row in (known, rival, older) if row], is_known=bool(previous or known))
        found = {row.key: row for row in (older, rival) if row and row.key != key and may_pass_on(row, now=now)}
        return sorted(found.values(), key=lambda row: row.active_since)

    def retire(self, elder: Subscription, *, heir: bytes, now: datetime) -> bool:
        """As it was read, when its heir took over what it knew. False: somebody was there meanwhile, so look again."""
        return self._store.put(replaced(elder, heir=heir, at=now))

    def line(self, row: Subscription) -> Sequence[Subscription]:
        """It, and those that took over from it, one after the other: the last stands for its browser now."""
        found = [row]
        while found[-1].successor is not None and len(found) <= _MOST_HOPS:
            following = self._store.get(row.tenant_id, row.site_id, found[-1].successor)
            if following is None:
                break
            found.append(following)
        return found

    def _take_along(self, known: Subscription | None, older: Subscription, *, crosses: bool) -> None:
        """A no that crossed this call has ended the row before, while the one after it was written."""
        if known is None or not known.is_active or older.ended_at is None or older.ended_reason is None:
            return
        if crosses or (older.ended_reason in _BY_WORD and 0 < known.packed.said_ms < older.packed.said_ms):
            place = (known.tenant_id, known.site_id)
            reason, at = older.ended_reason, older.ended_at
            self._store.bury(*place, key=known.key, active_since=known.active_since, reason=reason, at=at)

    def _before(self, newcomer: Newcomer) -> Subscription | None:
        if newcomer.previous is None or newcomer.previous == newcomer.key:
            return None
        return self._store.get(newcomer.tenant_id, newcomer.site_id, newcomer.previous)

    def _newest(self, row: Subscription | None) -> Subscription | None:
        for _ in range(_MOST_HOPS):
            if row is None or row.successor is None:
                break
            row = self._store.get(row.tenant_id, row.site_id, row.successor)
        return row


def _was_heard(said_ms: int, ended: Subscription, newest: Subscription) -> bool:
    """Whether this was said before the last word of the browser, or is that word once more: by then it had been heard,
    and did not keep this row from ending, unless nobody said a word for that.
    """
    last_ms = max(ended.packed.said_ms, newest.packed.said_ms)
    return 0 < said_ms < last_ms or (0 < said_ms == last_ms and ended.ended_reason not in UNWILLING)


def _check_renewal(rows: Sequence[Subscription], *, is_known: bool) -> None:
    for row in rows:
        if row.ended_reason in _BY_WORD:
            raise SubscriptionEnded(ended_reason=row.ended_reason)
    if is_known and all(row.ended_reason == EndReason.REPLACED for row in rows):
        raise NotFound


def _was_said_after(known: Subscription, older: Subscription) -> bool:
    """Whether the older one was ended by a word that came after the last one of this. The owner tells no time."""
    is_earlier = older.ended_reason == EndReason.UNSUBSCRIBED and 0 < older.packed.said_ms < known.packed.said_ms
    return older.ended_reason in _BY_WORD and not is_earlier


def _has_gone_on(older: Subscription, previous: bytes | None, said_ms: int) -> bool:
    """Whether the browser has said something since by which it left, or by which another row took over."""
    has_left = not older.is_active and older.ended_reason not in UNWILLING
    return 0 < said_ms < older.packed.said_ms and (has_left or older.key != previous)


def replaced(elder: Subscription, *, heir: bytes, at: datetime) -> Subscription:
    return replace(
        forgetful(elder),
        status=Status.ENDED,
        ended_at=elder.ended_at or at,
        ended_reason=EndReason.REPLACED.value,
        trouble=None,
        successor=heir,
    )


def forgetful(subscription: Subscription) -> Subscription:
    """Without its visitor, and without the way to it: who is erased by another endpoint leaves nothing here."""
    old = subscription.packed
    packed = Packed(
        f"https://{subscription.push_host}",
        b"",
        b"",
        created_ms=old.created_ms,
        seen_ms=old.seen_ms,
        family=old.family,
        said_ms=old.said_ms,
        identified_ms=old.identified_ms,
        parted_ms=old.parted_ms,
    )
    return replace(subscription, packed=packed, external_id=None)


def own_words(subscription: Subscription) -> Subscription:
    """What a row may say for itself: of one that was replaced, its successor knows what was taken back since."""
    return forgetful(subscription) if subscription.ended_reason == EndReason.REPLACED else subscription


def inheriting(subscription: Subscription, older: Subscription) -> Subscription:
    """What another row of the same browser knew, where this one knows nothing; whose life began last knows better. Not
    how long it has been active: whoever was pushed to under the old key must not look like a recipient of that run
    under the new one. Tags and attributes are a person's, so what one row knew of somebody else is not taken.
    """
    first, second = subscription, older
    if older.active_since > subscription.active_since:
        first, second = older, subscription
    person = _person_of(first, second)
    own, old = first.packed, second.packed
    theirs = [row.packed for row in (first, second) if row.external_id in {None, person}]
    packed = msgspec.structs.replace(
        subscription.packed,
        zone=own.zone or old.zone,
        language=own.language or old.language,
        country=own.country or old.country,
        family=own.family or old.family,
        tags=next((known.tags for known in theirs if known.tags), ()),
        attributes=next((known.attributes for known in theirs if known.attributes), {}),
        created_ms=min(own.created_ms, old.created_ms),
        consent=own.consent or old.consent,
        said_ms=max(own.said_ms, old.said_ms),
        identified_ms=max(own.identified_ms, old.identified_ms),
        parted_ms=max(own.parted_ms, old.parted_ms),
    )
    return replace(subscription, packed=packed, external_id=person)


def _person_of(first: Subscription, second: Subscription) -> str | None:
    """Of two rows of one browser: by the later word, of which none may be that nobody is signed in."""
    later, earlier = first, second
    if second.packed.identified_ms > first.packed.identified_ms:
        later, earlier = second, first
    return later.external_id if later.packed.identified_ms else later.external_id or earlier.external_id


def may_pass_on(older: Subscription, *, now: datetime) -> bool:
    """Whether a new endpoint of the same browser takes over from this row. Who left on purpose left; what was passed on
    once is not passed on twice; and what should have been deleted is not passed on at all.
    """
    return older.is_active or (older.ended_reason in UNWILLING and not is_over(older, now=now))
