"""What a row no longer knows: one that was replaced of its visitor, and a browser of who was there before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.clock import in_milliseconds
from chalicelib.features.subscriptions.model import (
    Consent,
    EndReason,
    Profile,
    Subscription,
    SubscriptionEnded,
    TagEdit,
    pack,
)
from chalicelib.features.subscriptions.service.subscriptions import Subscribed, Subscriptions
from tests.unit.subscriptions.asking import LATER, ON_SITE, own, show, subscribe
from tests.unit.subscriptions.memory import (
    ADA,
    NOW,
    MemoryErasures,
    MemorySubscriptions,
    endpoint,
    make_subscriptions,
    signed,
)

RICH = Profile(("cardiology",), {"mail": "ada@example.com"}, "Pacific/Chatham", "de", "ada")
NOTHING: tuple[object, ...] = ((), {}, None, None, None)


def ada(service: Subscriptions, name: str, **words: Any) -> Subscribed:
    words = {"profile": RICH, "signature": signed("ids_of_ada", "ada"), "consent": Consent(1, "Yes"), **words}
    return subscribe(service, name, **words)


def says(service: Subscriptions, found: Subscribed, person: str | None, **words: Any) -> Subscription:
    signature = None if person is None else signed("ids_of_ada", person)
    own(service.change_own, found, profile=Profile(external_id=person, **words), signature=signature)
    return show(service, found)


def known_of(row: Subscription) -> tuple[object, ...]:
    return row.packed.tags, row.packed.attributes, row.packed.zone, row.packed.language, row.external_id


# --- One that was replaced ---


def test_one_that_was_replaced_knows_neither_its_visitor_nor_the_way_there() -> None:
    service = make_subscriptions(MemorySubscriptions())
    old = ada(service, "a-capability")
    new = subscribe(service, "new", previous_endpoint=endpoint("a-capability"), now=LATER)
    assert known_of(show(service, new)) == known_of(old.subscription)
    left = show(service, old)
    assert known_of(left) == NOTHING
    assert (left.packed.consent, left.packed.p256dh, left.packed.auth) == (None, b"", b"")
    assert b"capability" not in pack(left.packed)
    assert (left.push_host, left.browser, left.ended_reason) == ("fcm.googleapis.com", "chrome", EndReason.REPLACED)
    assert left.packed.created_ms == in_milliseconds(NOW)


def test_what_was_taken_back_meanwhile_does_not_return_with_an_old_endpoint() -> None:
    service = make_subscriptions(MemorySubscriptions())
    ada(service, "old")
    new = subscribe(service, "new", previous_endpoint=endpoint("old"), now=LATER)
    own(service.change_own, new, profile=Profile((), {"mail": None}, None, None), now=LATER)
    back = show(service, subscribe(service, "old", now=LATER))
    assert known_of(back) == (*NOTHING[:4], "ada")
    assert (back.is_active, back.packed.endpoint) == (True, endpoint("old"))


def test_nor_from_a_row_that_was_replaced_before_rows_forgot() -> None:
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    old = ada(service, "old")
    new = subscribe(service, "new", previous_endpoint=endpoint("old"), now=LATER)
    place = (ADA, "site_a", old.subscription.key)
    store.rows[place] = replace(store.rows[place], packed=old.subscription.packed, external_id="ada")
    own(service.change_own, new, profile=Profile((), None, None, None, None), now=LATER)
    assert known_of(show(service, subscribe(service, "old", now=LATER))) == NOTHING


def test_whose_successor_was_erased_begins_anew() -> None:
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    ada(service, "old")
    new = subscribe(service, "new", previous_endpoint=endpoint("old"), now=LATER)
    del store.rows[ADA, "site_a", new.subscription.key]
    assert known_of(show(service, subscribe(service, "old", now=LATER))) == NOTHING


def test_one_that_is_written_to_while_another_takes_over_ends_all_the_same() -> None:
    """Between the moment it was read and the moment it was to end."""
    store = Interrupted()
    service = make_subscriptions(store)
    old = ada(service, "old")
    late = Profile(tags=TagEdit(add=("late",)))
    store.after_calls(3, lambda: own(service.change_own, old, profile=late, now=LATER))
    new = subscribe(service, "new", previous_endpoint=endpoint("old"), now=LATER)
    assert (show(service, new).packed.tags, new.is_new) == (RICH.tags, True)
    assert known_of(show(service, old)) == NOTHING


@pytest.mark.parametrize("calls", range(8))
def test_of_two_that_take_over_from_each_other_one_is_left_and_knows_all(calls: int) -> None:
    store = Interrupted()
    service = make_subscriptions(store)
    ada(service, "a")
    subscribe(service, "b")
    store.after_calls(calls, lambda: subscribe(service, "b", previous_endpoint=endpoint("a")))
    subscribe(service, "a", previous_endpoint=endpoint("b"))
    (left,) = [row for row in store.rows.values() if row.is_active]
    assert known_of(left) == (RICH.tags, RICH.attributes, RICH.timezone, RICH.language, "ada")


def test_who_was_erased_does_not_come_back_by_a_row_that_had_ended_before() -> None:
    """Under an endpoint of long ago, with all that the browser knew."""
    store, erasures = MemorySubscriptions(), MemoryErasures()
    service = make_subscriptions(store, erasures=erasures)
    own(service.end_own, subscribe(service, "x"))
    erased = ada(service, "erased").subscription
    service.keep_out(**ON_SITE, keys=[erased.key], now=NOW)
    del store.rows[ADA, "site_a", erased.key]
    with pytest.raises(SubscriptionEnded) as refused:
        ada(service, "x", previous_endpoint=endpoint("erased"))
    assert refused.value.facts == {"ended_reason": "erased"}
    assert subscribe(service, "x").subscription.is_active


# --- One whose time is up ---


@pytest.mark.parametrize(("days", "is_new"), [(29, False), (30, True)])
def test_a_tombstone_whose_time_is_up_is_no_more_though_it_stands(days: int, is_new: bool) -> None:
    """DynamoDB deletes it when it comes to it, which may be days later."""
    service = make_subscriptions(MemorySubscriptions())
    own(service.end_own, ada(service, "x"))
    back = subscribe(service, "x", now=NOW + timedelta(days=days))
    assert (back.is_new, known_of(show(service, back)) == NOTHING) == (is_new, is_new)
    assert (back.subscription.packed.created_ms == in_milliseconds(NOW)) is not is_new


@pytest.mark.parametrize(("days", "is_new"), [(29, False), (30, True)])
def test_nor_does_it_pass_anything_on(days: int, is_new: bool) -> None:
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    row = ada(service, "x").subscription
    store.bury(ADA, "site_a", key=row.key, active_since=row.active_since, reason="gone", at=NOW)
    new = subscribe(service, "y", previous_endpoint=endpoint("x"), now=NOW + timedelta(days=days))
    assert (known_of(show(service, new)) == NOTHING) is is_new


# --- A browser of somebody else ---


def test_who_signs_in_keeps_what_was_said_of_the_browser_before() -> None:
    service = make_subscriptions(MemorySubscriptions())
    found = subscribe(service, profile=Profile(("news",), {"plan": "pro"}))
    known = says(service, found, "ada")
    assert (known.packed.tags, known.packed.attributes) == (("news",), {"plan": "pro"})
    assert says(service, found, "ada") == known


@pytest.mark.parametrize("person", [None, "ben"])
def test_who_comes_after_a_person_begins_without_their_tags_and_attributes(person: str | None) -> None:
    service = make_subscriptions(MemorySubscriptions())
    found = ada(service, "x")
    known = says(service, found, person, tags=TagEdit(add=("own",)), attributes={"own": 1})
    assert known_of(known) == (("own",), {"own": 1}, RICH.timezone, RICH.language, person)
    assert known.packed.consent == Consent(1, "Yes")  # the browser's


def test_nor_does_the_next_have_them_by_a_refresh_or_of_the_owner() -> None:
    service = make_subscriptions(MemorySubscriptions())
    found = ada(service, "x")
    again = subscribe(service, "x", profile=Profile(external_id="ben"), signature=signed("ids_of_ada", "ben"))
    assert again.subscription.packed.attributes == {}
    ada(service, "x")
    changed = service.change(**ON_SITE, subscription_id=found.subscription.id, profile=Profile(external_id="cyd"))
    assert (changed.external_id, changed.packed.tags) == ("cyd", ())


def test_a_late_word_about_who_was_there_before_is_not_said_of_the_next() -> None:
    service = make_subscriptions(MemorySubscriptions())
    found = ada(service, "x")
    says(service, found, None, said_ms=200)
    assert says(service, found, "ada", tags=("cardiology",), attributes={"a": 1}, said_ms=100).external_id is None
    own(service.change_own, found, profile=Profile(("cardiology",), language="en", said_ms=199))
    assert known_of(show(service, found)) == ((), {}, RICH.timezone, "en", None)
    own(service.change_own, found, profile=Profile(("news",), said_ms=201))
    assert show(service, found).packed.tags == ("news",)


def test_a_row_of_somebody_else_passes_on_the_browser_and_not_them() -> None:
    """Ada's row was left active by a crash; Ben has signed in on the new one."""
    service = make_subscriptions(MemorySubscriptions())
    ada(service, "old", profile=replace(RICH, said_ms=100))
    new = subscribe(service, "new")
    says(service, new, "ben", said_ms=200)
    both = subscribe(service, "new", previous_endpoint=endpoint("old")).subscription
    assert known_of(both) == ((), {}, RICH.timezone, RICH.language, "ben")


class Interrupted(MemorySubscriptions):
    """Lets somebody else in once, after so many more calls."""

    others: Callable[[], object] | None = None
    left = 0

    def after_calls(self, number: int, others: Callable[[], object]) -> None:
        self.left, self.others = number, others

    def get(self, tenant_id: str, site_id: str, key: bytes) -> Subscription | None:
        self._count()
        return super().get(tenant_id, site_id, key)

    def put(self, subscription: Subscription) -> bool:
        self._count()
        return super().put(subscription)

    def _count(self) -> None:
        self.left -= 1
        if self.left == -1 and self.others:
            self.others()
