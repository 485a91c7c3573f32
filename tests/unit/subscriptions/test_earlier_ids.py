"""A browser that got a new endpoint is reached by the id that it had before, which is all that somebody may know of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.features.subscriptions.model import EndReason, Profile
from chalicelib.features.subscriptions.service.subscriptions import Subscribed, Subscriptions
from tests.unit.subscriptions.asking import LATER, ON_SITE, own, show, subscribe
from tests.unit.subscriptions.memory import ADA, MemorySubscriptions, endpoint, make_subscriptions
from tests.unit.subscriptions.test_forgetting import Interrupted


def moved(service: Subscriptions) -> tuple[Subscribed, Subscribed, Subscribed]:
    first = subscribe(service, "a", profile=Profile(said_ms=100))
    second = subscribe(service, "b", previous_endpoint=endpoint("a"), profile=Profile(said_ms=200))
    third = subscribe(service, "c", previous_endpoint=endpoint("b"), profile=Profile(said_ms=300))
    return first, second, third


def leaves(service: Subscriptions, found: Subscribed) -> None:
    own(service.end_own, found, said_ms=400, now=LATER)


def is_removed(service: Subscriptions, found: Subscribed) -> None:
    service.end(**ON_SITE, subscription_id=found.subscription.id, now=LATER)


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize(
    ("ends", "reason"), [(leaves, EndReason.UNSUBSCRIBED), (is_removed, EndReason.REMOVED)], ids=["leaves", "removed"]
)
def test_who_goes_by_an_earlier_id_is_gone(
    ends: Callable[[Subscriptions, Subscribed], None], reason: EndReason, which: int
) -> None:
    """The answer to subscribing anew was lost, or the site has kept the first id that it heard of."""
    service = make_subscriptions(MemorySubscriptions())
    found = moved(service)
    ends(service, found[which])
    known = show(service, found[2])
    assert (known.is_active, known.ended_reason, known.ended_at) == (False, reason, LATER)
    assert show(service, found[0]).ended_reason == EndReason.REPLACED


def test_a_no_by_an_earlier_id_does_not_undo_a_yes_that_was_said_after_it() -> None:
    service = make_subscriptions(MemorySubscriptions())
    first, _, third = moved(service)
    own(service.end_own, first, said_ms=250)
    assert show(service, third).is_active


def test_where_the_successor_is_no_more_nothing_is_left_to_end() -> None:
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    first, _, third = moved(service)
    del store.rows[ADA, "site_a", third.subscription.key]
    before = dict(store.rows)
    leaves(service, first)
    is_removed(service, first)
    assert store.rows == before


@pytest.mark.parametrize("calls", range(3))
@pytest.mark.parametrize("ends", [leaves, is_removed])
def test_nor_does_one_escape_who_moves_on_meanwhile(
    ends: Callable[[Subscriptions, Subscribed], None], calls: int
) -> None:
    store = Interrupted()
    service = make_subscriptions(store)
    found = subscribe(service, "old")
    store.after_calls(calls, lambda: subscribe(service, "new", previous_endpoint=endpoint("old")))
    ends(service, found)
    assert [row for row in store.rows.values() if row.is_active] == []
