"""Two at once: whoever writes first, nothing is lost and nothing comes back to life."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import Stale
from chalicelib.features.subscriptions.model import (
    Profile,
    Status,
    Subscription,
    SubscriptionEnded,
)
from chalicelib.features.subscriptions.service.subscriptions import Subscribed, Subscriptions
from tests.unit.subscriptions.asking import LATER, own, show, subscribe
from tests.unit.subscriptions.memory import (
    ADA,
    NOW,
    MemorySubscriptions,
    make_subscriptions,
)

# --- Two at once ---


class Contested(MemorySubscriptions):
    """Before each write somebody else writes first, as long as `meddle` says so."""

    meddle: Callable[[Subscription], Subscription] | None = None
    times = 0

    def put(self, subscription: Subscription) -> bool:
        self._intervene(subscription.key)
        return super().put(subscription)

    def bury(self, tenant_id: str, site_id: str, *, key: bytes, **words: Any) -> bool:
        self._intervene(key)
        return super().bury(tenant_id, site_id, key=key, **words)

    def _intervene(self, key: bytes) -> None:
        place = (ADA, "site_a", key)
        if self.meddle and self.times > 0 and place in self.rows:
            self.times -= 1
            before = self.rows[place]
            self.rows[place] = replace(self.meddle(before), rev=before.rev + 1)


def tagged(row: Subscription) -> Subscription:
    return replace(row, packed=msgspec.structs.replace(row.packed, tags=("theirs",)))


def buried(row: Subscription) -> Subscription:
    return replace(row, status=Status.ENDED, ended_at=NOW, ended_reason="gone")


def revived(row: Subscription) -> Subscription:
    return replace(row, active_since=row.active_since + 1)


def contested(
    meddle: Callable[[Subscription], Subscription], times: int
) -> tuple[Contested, Subscriptions, Subscribed]:
    store = Contested()
    service = make_subscriptions(store)
    found = subscribe(service)
    store.meddle, store.times = meddle, times
    return store, service, found


def test_a_change_meets_another_and_both_last() -> None:
    _, service, found = contested(tagged, 9)
    own(service.change_own, found, profile=Profile(attributes={"mine": 1}))
    known = show(service, found)
    assert (known.packed.tags, known.packed.attributes) == (("theirs",), {"mine": 1})


def test_a_refresh_meets_a_change_and_both_last() -> None:
    _, service, found = contested(tagged, 9)
    subscribe(service, profile=Profile(attributes={"mine": 1}), now=LATER)
    known = show(service, found)
    assert (known.packed.tags, known.packed.attributes) == (("theirs",), {"mine": 1})


def test_a_change_never_revives_what_was_buried_meanwhile() -> None:
    _, service, found = contested(buried, 1)
    with pytest.raises(SubscriptionEnded):
        own(service.change_own, found, profile=Profile(tags=("mine",)))
    assert show(service, found).ended_reason == "gone"


def test_a_refresh_that_meets_a_tombstone_starts_a_new_life() -> None:
    _, service, found = contested(buried, 1)
    subscribe(service, profile=Profile(tags=("mine",)), now=LATER)
    known = show(service, found)
    assert (known.is_active, known.active_since, known.packed.tags) == (True, in_milliseconds(LATER), ("mine",))


def test_who_unsubscribes_stays_unsubscribed_whoever_writes_meanwhile() -> None:
    for meddle in (tagged, revived, buried):
        _, service, found = contested(meddle, 9)
        own(service.end_own, found)
        assert not show(service, found).is_active


def test_an_endless_contest_is_given_up() -> None:
    _, service, found = contested(revived, 1_000)
    with pytest.raises(Stale):
        own(service.end_own, found)
    with pytest.raises(Stale):
        service.end(tenant_id=ADA, site_id="site_a", subscription_id=found.subscription.id, now=LATER)
    with pytest.raises(Stale):
        own(service.change_own, found, profile=Profile(tags=("mine",)))
    with pytest.raises(Stale):
        subscribe(service, now=LATER)
