"""A subscribe that comes twice, or long after it was said, brings nobody back who has left since."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import msgspec
import pytest

from chalicelib.features.subscriptions.model import Profile, Subscription, SubscriptionEnded
from chalicelib.features.subscriptions.service.subscriptions import Subscribed, Subscriptions
from tests.unit.subscriptions.asking import LATER, ON_SITE, own, show, subscribe
from tests.unit.subscriptions.memory import ADA, NOW, MemorySubscriptions, endpoint, make_subscriptions
from tests.unit.subscriptions.test_forgetting import Interrupted

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


@pytest.mark.parametrize("leaves", [unsubscribes_in_time, is_removed])
def test_nor_does_a_new_endpoint_that_was_told_of_before(leaves: Leaving) -> None:
    """The call was long on its way, and the visitor did not wait for it."""
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    old = subscribe(service, "old", profile=Profile(said_ms=90))
    leaves(service, old)
    store.rows.update({place: _heard(row, 100) for place, row in store.rows.items()})
    with pytest.raises(SubscriptionEnded) as refused:
        subscribe(service, "new", previous_endpoint=endpoint("old"), profile=Profile(said_ms=99))
    assert refused.value.facts == {"ended_reason": show(service, old).ended_reason}
    assert store.rows.keys() == {(ADA, "site_a", old.subscription.key)}
    said = subscribe(service, "new", previous_endpoint=endpoint("old"), profile=Profile(said_ms=101))
    assert said.subscription.is_active


def test_a_tab_that_was_long_on_its_way_does_not_oust_the_one_after_it() -> None:
    service = make_subscriptions(MemorySubscriptions())
    subscribe(service, "old", profile=Profile(said_ms=100))
    right = subscribe(service, "right", previous_endpoint=endpoint("old"), profile=Profile(said_ms=300))
    with pytest.raises(SubscriptionEnded) as refused:
        subscribe(service, "left", previous_endpoint=endpoint("old"), profile=Profile(said_ms=200))
    assert refused.value.facts == {"ended_reason": "replaced"}
    assert show(service, right).is_active


def test_a_word_about_something_else_does_not_keep_the_new_endpoint_out() -> None:
    """It was said under the old id, because the answer about the new one had not come yet."""
    service = make_subscriptions(MemorySubscriptions())
    old = subscribe(service, "old", profile=Profile(said_ms=100))
    own(service.change_own, old, profile=Profile(("news",), said_ms=300))
    new = subscribe(service, "new", previous_endpoint=endpoint("old"), profile=Profile(said_ms=200))
    assert (new.subscription.packed.tags, show(service, old).is_active) == (("news",), False)


@pytest.mark.parametrize("calls", range(4))
def test_a_no_that_crosses_the_new_endpoint_on_the_way_ends_both(calls: int) -> None:
    store = Interrupted()
    service = make_subscriptions(store)
    old = subscribe(service, "old", profile=Profile(said_ms=100))
    store.after_calls(calls, lambda: own(service.end_own, old, said_ms=300))
    with suppress(SubscriptionEnded):
        subscribe(service, "new", previous_endpoint=endpoint("old"), profile=Profile(said_ms=200))
    assert [row for row in store.rows.values() if row.is_active] == []


@pytest.mark.parametrize("said_ms", [0, 100])
@pytest.mark.parametrize("leaves", [unsubscribes, is_removed])
@pytest.mark.parametrize("calls", [2, 3])
def test_nor_does_who_is_removed_or_leaves_without_a_time_escape_meanwhile(
    calls: int, leaves: Leaving, said_ms: int
) -> None:
    """After the old row was read, and before it could be replaced."""
    store = Interrupted()
    service = make_subscriptions(store)
    old = subscribe(service, "old")
    store.after_calls(calls, lambda: leaves(service, old))
    with pytest.raises(SubscriptionEnded):
        subscribe(service, "new", previous_endpoint=endpoint("old"), profile=Profile(said_ms=said_ms))
    assert [row for row in store.rows.values() if row.is_active] == []


def test_a_no_that_crosses_a_yes_said_after_it_ends_the_old_row_alone() -> None:
    store = Interrupted()
    service = make_subscriptions(store)
    old = subscribe(service, "old", profile=Profile(said_ms=100))
    store.after_calls(2, lambda: own(service.end_own, old, said_ms=150))
    new = subscribe(service, "new", previous_endpoint=endpoint("old"), profile=Profile(said_ms=200))
    assert [row.key for row in store.rows.values() if row.is_active] == [new.subscription.key]


@pytest.mark.parametrize("name", ["x", "new"])
@pytest.mark.parametrize("leaves", [unsubscribes_in_time, is_removed])
def test_the_last_no_counts_also_of_who_had_gone_before(leaves: Leaving, name: str) -> None:
    service = make_subscriptions(MemorySubscriptions())
    found = subscribe(service, "x", profile=Profile(said_ms=90))
    leaves(service, found)
    before = show(service, found)
    own(service.end_own, found, said_ms=300, now=LATER)
    after = show(service, found)
    assert (after.ended_reason, after.ended_at) == (before.ended_reason, before.ended_at)
    with pytest.raises(SubscriptionEnded):
        subscribe(service, name, previous_endpoint=endpoint("x"), profile=Profile(said_ms=200))
    assert subscribe(
        service, name, previous_endpoint=endpoint("x"), profile=Profile(said_ms=301)
    ).subscription.is_active


def test_who_came_back_since_is_not_ended_by_a_call_that_comes_twice() -> None:
    service = make_subscriptions(MemorySubscriptions())
    old = subscribe(service, "old", profile=Profile(said_ms=100))
    own(service.end_own, old, said_ms=300)
    back = subscribe(service, "new", profile=Profile(said_ms=400))
    with pytest.raises(SubscriptionEnded):
        subscribe(service, "new", previous_endpoint=endpoint("old"), profile=Profile(said_ms=200))
    assert show(service, back).is_active


def _heard(row: Subscription, said_ms: int) -> Subscription:
    return replace(row, packed=msgspec.structs.replace(row.packed, said_ms=said_ms))
