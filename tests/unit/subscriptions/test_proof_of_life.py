"""The last proof of life: a page's visit, or what a browser did with a notification."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.core.clock import from_milliseconds
from chalicelib.features.subscriptions.model import Profile
from tests.unit.subscriptions.asking import ON_SITE, own, show, subscribe
from tests.unit.subscriptions.memory import ADA, CYD, NOW, MemorySubscriptions, make_subscriptions
from tests.unit.subscriptions.test_two_at_once import buried, contested, tagged

DAY = timedelta(days=1)


def test_a_browser_that_showed_something_lives() -> None:
    service = make_subscriptions(MemorySubscriptions())
    found = subscribe(service, profile=Profile(("news",), {"a": 1}))
    before = show(service, found)
    assert service.prove_life(ADA, "site_a", before.key, NOW + 8 * DAY)
    known = show(service, found)
    assert from_milliseconds(known.packed.seen_ms) == NOW + 8 * DAY
    assert (known.packed.tags, known.packed.attributes, known.active_since) == (
        ("news",),
        {"a": 1},
        before.active_since,
    )


@pytest.mark.parametrize("after", [-DAY, timedelta(), DAY - timedelta(milliseconds=1)])
def test_it_is_noted_once_a_day_and_never_backwards(after: timedelta) -> None:
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    found = subscribe(service)
    store.calls.clear()
    assert not service.prove_life(ADA, "site_a", found.subscription.key, NOW + after)
    assert store.calls == ["get"]


def test_a_visit_counts_as_much() -> None:
    service = make_subscriptions(MemorySubscriptions())
    found = subscribe(service)
    own(service.change_own, found, profile=Profile(), now=NOW + 3 * DAY)
    assert not service.prove_life(ADA, "site_a", found.subscription.key, NOW + 3 * DAY)


def test_nobody_comes_back_by_a_late_sign_of_life() -> None:
    service = make_subscriptions(MemorySubscriptions())
    found = subscribe(service)
    own(service.end_own, found)
    known = show(service, found)
    assert not service.prove_life(ADA, "site_a", found.subscription.key, NOW + 8 * DAY)
    assert show(service, found) == known


def test_one_that_is_not_there_or_anothers_is_left_alone() -> None:
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    found = subscribe(service, tenant_id=CYD, site_id="site_c")
    for place in ((ADA, "site_a"), (ADA, "site_c"), (CYD, "site_a")):
        assert not service.prove_life(*place, found.subscription.key, NOW + 8 * DAY)
    assert len(store.rows) == 1


def test_it_never_overwrites_a_change_and_never_a_tombstone() -> None:
    _, service, found = contested(tagged, 3)
    assert service.prove_life(ADA, "site_a", found.subscription.key, NOW + 8 * DAY)
    known = show(service, found)
    assert (known.packed.tags, from_milliseconds(known.packed.seen_ms)) == (("theirs",), NOW + 8 * DAY)
    _, service, found = contested(buried, 1)
    assert not service.prove_life(ADA, "site_a", found.subscription.key, NOW + 8 * DAY)
    assert not show(service, found).is_active


def test_where_others_never_stop_writing_it_waits_for_the_next() -> None:
    _, service, found = contested(tagged, 1_000)
    assert not service.prove_life(ADA, "site_a", found.subscription.key, NOW + 8 * DAY)
    assert service.get(**ON_SITE, subscription_id=found.subscription.id).packed.tags == ("theirs",)
