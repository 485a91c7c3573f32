"""A subscribe that comes twice, or long after it was said, brings nobody back who has left since."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.features.subscriptions.model import Profile, SubscriptionEnded
from chalicelib.features.subscriptions.service.subscriptions import Subscribed, Subscriptions
from tests.unit.subscriptions.asking import LATER, ON_SITE, own, show, subscribe
from tests.unit.subscriptions.memory import ADA, NOW, MemorySubscriptions, endpoint, make_subscriptions

Leaving = Callable[[Subscriptions, Subscribed], object]


def unsubscribes(service: Subscriptions, found: Subscribed) -> None:
    own(service.end_own, found)


def unsubscribes_in_time(service: Subscriptions, found: Subscribed) -> None:
    own(service.end_own, found, said_ms=100)


def is_removed(service: Subscriptions, found: Subscribed) -> None:
    service.end(**ON_SITE, subscription_id=found.subscription.id, now=NOW)


def is_replaced(service: Subscriptions, _: Subscribed) -> None:
    subscribe(service, "new", previous_endpoint=endpoint("x"))


@pytest.mark.parametrize("leaves", [unsubscribes, unsubscribes_in_time, is_removed, is_replaced])
def test_the_very_same_call_brings_nobody_back(leaves: Leaving) -> None:
    service = make_subscriptions(MemorySubscriptions())
    found = subscribe(service, "x", profile=Profile(("news",), said_ms=100))
    leaves(service, found)
    ended = show(service, found)
    for said_ms in (100, 99, 1):
        with pytest.raises(SubscriptionEnded) as refused:
            subscribe(service, "x", profile=Profile(("news",), said_ms=said_ms), now=LATER)
        assert refused.value.facts == {"ended_reason": ended.ended_reason}
    assert show(service, found) == ended
    assert subscribe(service, "x", profile=Profile(said_ms=101), now=LATER).subscription.is_active


def test_a_call_of_a_page_that_tells_no_time_is_heard_as_it_comes() -> None:
    service = make_subscriptions(MemorySubscriptions())
    found = subscribe(service, "x", profile=Profile(said_ms=100))
    unsubscribes(service, found)
    assert subscribe(service, "x").subscription.is_active


def test_nor_does_what_an_earlier_endpoint_said_before_its_successor_left() -> None:
    service = make_subscriptions(MemorySubscriptions())
    subscribe(service, "old", profile=Profile(said_ms=100))
    new = subscribe(service, "new", previous_endpoint=endpoint("old"), profile=Profile(said_ms=200))
    own(service.end_own, new, said_ms=300)
    for said_ms in (100, 200, 299, 300):
        with pytest.raises(SubscriptionEnded):
            subscribe(service, "old", profile=Profile(said_ms=said_ms))
    assert subscribe(service, "old", profile=Profile(said_ms=301)).subscription.is_active


def test_whom_a_push_service_ended_comes_back_by_the_same_call() -> None:
    """Nobody has said a word against it since."""
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    row = subscribe(service, "x", profile=Profile(said_ms=100)).subscription
    store.bury(ADA, "site_a", key=row.key, active_since=row.active_since, reason="gone", at=NOW)
    with pytest.raises(SubscriptionEnded):
        subscribe(service, "x", profile=Profile(said_ms=99))
    assert subscribe(service, "x", profile=Profile(said_ms=100)).subscription.is_active
