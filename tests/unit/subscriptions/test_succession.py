"""One browser is one subscription: whatever tabs, retries and late calls do, two rows of it are never both active."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import Unavailable
from chalicelib.features.subscriptions.model import EndReason, Profile, Status, Subscription, SubscriptionEnded
from chalicelib.features.subscriptions.service.subscriptions import Subscribed, Subscriptions, WrongVapidKey
from tests.unit.subscriptions.asking import LATER, ON_SITE, own, show, subscribe
from tests.unit.subscriptions.memory import ADA, NOW, MemorySubscriptions, endpoint, make_subscriptions, signed

MINUTE = timedelta(minutes=1)


class Browser:
    """What one browser does, by one service or several processes."""

    def __init__(self) -> None:
        self.store = MemorySubscriptions()
        self.service = make_subscriptions(self.store)
        self.minutes = 0

    def subscribes(self, name: str, *, previous: str | None = None, **words: Any) -> Subscribed:
        self.minutes += 1
        before = None if previous is None else endpoint(previous)
        return subscribe(self.service, name, previous_endpoint=before, now=NOW + self.minutes * MINUTE, **words)

    @property
    def active(self) -> list[Subscription]:
        return [row for row in self.store.rows.values() if row.is_active]

    @property
    def stands_for(self) -> str:
        (row,) = self.active
        return row.packed.endpoint.rpartition("/")[2]


def test_the_successor_is_named() -> None:
    browser = Browser()
    old, new = browser.subscribes("old"), browser.subscribes("new", previous="old")
    assert show(browser.service, old).successor == new.subscription.key
    assert show(browser.service, new).successor is None


def test_who_asks_again_because_no_answer_came_changes_nothing() -> None:
    browser = Browser()
    browser.subscribes("old", profile=Profile(("news",)))
    first = browser.subscribes("new", previous="old")
    own(browser.service.change_own, first, profile=Profile(tags=()))
    again = browser.subscribes("new", previous="old")
    assert (browser.stands_for, again.is_new, again.subscription.packed.tags) == ("new", False, ())


def test_two_tabs_that_each_got_a_new_endpoint_leave_one() -> None:
    browser = Browser()
    browser.subscribes("old", profile=Profile(("news",)))
    browser.subscribes("left", previous="old")
    right = browser.subscribes("right", previous="old")
    assert (browser.stands_for, right.subscription.packed.tags) == ("right", ("news",))


@pytest.mark.parametrize("order", list(permutations(("left", "right", "right"))))
def test_two_tabs_at_the_very_same_moment_leave_one(order: tuple[str, ...]) -> None:
    """Both have read the old row before either has ended it."""
    browser = Browser()
    browser.subscribes("old")

    class Crowded(MemorySubscriptions):
        others: Callable[[], object] | None = None

        def put(self, subscription: Subscription) -> bool:
            others, self.others = self.others, None
            if subscription.is_active:
                self.others = others
            elif others:
                others()
            return super().put(subscription)

    store = Crowded(rows=browser.store.rows)
    browser.store, browser.service = store, make_subscriptions(store)
    store.others = lambda: browser.subscribes(order[1], previous="old")
    browser.subscribes(order[0], previous="old")
    assert len(browser.active) == 1
    browser.subscribes(order[2], previous="old")
    assert browser.stands_for == order[2]


def test_a_browser_that_changed_twice_is_found_by_its_first_endpoint() -> None:
    browser = Browser()
    browser.subscribes("a", profile=Profile(("news",)))
    browser.subscribes("b", previous="a")
    browser.subscribes("c", previous="b", profile=Profile(("sport",)))
    assert (browser.subscribes("d", previous="a").subscription.packed.tags, browser.stands_for) == (("sport",), "d")


def test_a_restored_profile_takes_its_old_endpoint_back_and_with_it_what_was_said_since() -> None:
    browser = Browser()
    browser.subscribes("old", profile=Profile(("stale",), {"a": 1}))
    new = browser.subscribes("new", previous="old", profile=Profile(("fresh",)))
    back = browser.subscribes("old")
    assert (browser.stands_for, back.subscription.packed.tags) == ("old", ("fresh",))
    assert show(browser.service, new).ended_reason == EndReason.REPLACED
    assert show(browser.service, back).successor is None
    assert browser.subscribes("new", previous="old").subscription.is_active
    assert browser.stands_for == "new"


def test_a_call_that_was_long_on_its_way_does_not_oust_its_successor() -> None:
    browser = Browser()
    browser.subscribes("old", profile=Profile(said_ms=100))
    browser.subscribes("new", previous="old", profile=Profile(said_ms=200))
    with pytest.raises(SubscriptionEnded) as refused:
        browser.subscribes("old", profile=Profile(said_ms=150))
    assert (refused.value.facts, browser.stands_for) == ({"ended_reason": "replaced"}, "new")
    browser.subscribes("old", profile=Profile(said_ms=201))
    assert browser.stands_for == "old"


def test_a_call_that_was_long_on_its_way_does_not_bring_back_who_left() -> None:
    browser = Browser()
    found = browser.subscribes("x", profile=Profile(said_ms=100))
    own(browser.service.change_own, found, profile=Profile(said_ms=200))
    own(browser.service.end_own, found)
    with pytest.raises(SubscriptionEnded) as refused:
        browser.subscribes("x", profile=Profile(said_ms=150))
    assert (refused.value.facts, browser.active) == ({"ended_reason": "unsubscribed"}, [])
    assert browser.subscribes("x", profile=Profile(said_ms=300)).subscription.is_active


@pytest.mark.parametrize(("no_ms", "stays"), [(150, True), (200, False), (250, False), (0, False)])
def test_a_no_that_was_long_on_its_way_does_not_undo_a_later_yes(no_ms: int, stays: bool) -> None:
    browser = Browser()
    browser.subscribes("x", profile=Profile(said_ms=100))
    found = browser.subscribes("x", profile=Profile(said_ms=200))
    own(browser.service.end_own, found, said_ms=no_ms)
    assert show(browser.service, found).is_active is stays


def test_a_yes_that_was_long_on_its_way_does_not_undo_a_later_no() -> None:
    browser = Browser()
    found = browser.subscribes("x", profile=Profile(said_ms=100))
    own(browser.service.end_own, found, said_ms=300)
    with pytest.raises(SubscriptionEnded) as refused:
        browser.subscribes("x", profile=Profile(said_ms=200))
    assert (refused.value.facts, browser.active) == ({"ended_reason": "unsubscribed"}, [])
    assert browser.subscribes("x", profile=Profile(said_ms=301)).subscription.is_active


def test_a_no_is_final_for_one_that_was_ended_without_a_word() -> None:
    browser = Browser()
    found = browser.subscribes("x", profile=Profile(said_ms=100))
    row = found.subscription
    browser.store.bury(ADA, "site_a", key=row.key, active_since=row.active_since, reason="gone", at=NOW)
    own(browser.service.end_own, found, said_ms=50, now=LATER)
    assert show(browser.service, found).ended_reason == "gone"
    own(browser.service.end_own, found, said_ms=300, now=LATER)
    known = show(browser.service, found)
    assert (known.ended_reason, known.ended_at, known.packed.said_ms) == ("unsubscribed", NOW, 300)
    own(browser.service.end_own, found, said_ms=300, now=LATER)
    assert show(browser.service, found) == known


def test_a_crash_before_the_old_row_ends_is_mended_by_whoever_asks_next() -> None:
    browser = Browser()
    browser.subscribes("old", profile=Profile(("news",)))

    class Broken(MemorySubscriptions):
        def put(self, subscription: Subscription) -> bool:
            if not subscription.is_active:
                raise Unavailable
            return super().put(subscription)

    broken = Broken(rows=browser.store.rows)
    with pytest.raises(Unavailable):
        subscribe(make_subscriptions(broken), "new", previous_endpoint=endpoint("old"))
    assert len(browser.active) == 2
    browser.subscribes("new", previous="old")
    assert browser.stands_for == "new"


def test_a_chain_that_leads_in_a_circle_or_nowhere_ends() -> None:
    browser = Browser()
    a, b = browser.subscribes("a").subscription, browser.subscribes("b").subscription
    for row, successor in ((a, b.key), (b, a.key)):
        place = (row.tenant_id, row.site_id, row.key)
        gone = replace(browser.store.rows[place], status=Status.ENDED, ended_at=NOW, ended_reason="replaced")
        browser.store.rows[place] = replace(gone, successor=successor)
    browser.subscribes("c", previous="a")
    assert browser.stands_for == "c"
    browser.store.rows.pop((b.tenant_id, b.site_id, b.key))
    browser.subscribes("d", previous="a")
    assert len(browser.active) == 2  # whoever asks with an endpoint that leads nowhere is somebody new


def test_where_others_never_stop_the_old_row_is_left_to_the_next_call() -> None:
    class Contested(MemorySubscriptions):
        def put(self, subscription: Subscription) -> bool:
            return subscription.is_active and super().put(subscription)

    browser = Browser()
    old = browser.subscribes("old")
    browser.service = make_subscriptions(Contested(rows=browser.store.rows))
    assert browser.subscribes("new", previous="old").subscription.is_active
    assert show(browser.service, old).is_active


CALLS = (("a", None, 2), ("b", "a", 3), ("c", "b", 4), ("a", "c", 5))


@given(st.lists(st.sampled_from(CALLS), min_size=1, max_size=8), st.booleans())
def test_any_order_of_calls_leaves_one_row(calls: list[tuple[str, str | None, int]], tells_time: bool) -> None:
    """Endpoints of one browser, each subscribed with the one before as previous; calls come in any order, some twice or
    not at all; then the browser comes by twice more, with what it remembers.
    """
    browser = Browser()
    browser.subscribes("a", profile=Profile(said_ms=1))
    for name, previous, said_ms in calls:
        with suppress(SubscriptionEnded):
            browser.subscribes(name, previous=previous, profile=Profile(said_ms=said_ms if tells_time else 0))
    browser.subscribes("d", previous="c", profile=Profile(said_ms=6))
    browser.subscribes("d", previous="b", profile=Profile(said_ms=7))
    browser.subscribes("d", previous="a", profile=Profile(said_ms=8))
    assert browser.stands_for == "d"


# --- The key it was made under ---


def test_an_answer_names_the_key_that_the_site_uses_now() -> None:
    browser = Browser()
    assert browser.subscribes("x").vapid_public_key == browser.service._sites.get(**ON_SITE).vapid_public_key


def test_a_browser_that_tells_its_key_is_believed_and_mended() -> None:
    browser = Browser()
    assert browser.subscribes("x").subscription.key_id == "vap_1"
    assert browser.subscribes("x", vapid_public_key="an older key").subscription.key_id == "vap_0"
    assert browser.subscribes("x").subscription.key_id == "vap_0"
    current = browser.subscribes("x").vapid_public_key
    assert browser.subscribes("x", vapid_public_key=current).subscription.key_id == "vap_1"


def test_a_key_of_somebody_else_is_refused_with_ours() -> None:
    browser = Browser()
    with pytest.raises(WrongVapidKey) as refused:
        browser.subscribes("x", vapid_public_key="another's")
    assert refused.value.facts == {"vapid_public_key": browser.service._sites.get(**ON_SITE).vapid_public_key}
    assert browser.store.rows == {}


def test_one_in_trouble_hears_of_it_and_is_well_when_it_has_subscribed_anew() -> None:
    browser = Browser()
    found = browser.subscribes("x", profile=Profile(("news",)))
    row = found.subscription
    assert browser.store.trouble(**ON_SITE, key=row.key, active_since=row.active_since, why="needs_resubscribe")
    assert show(browser.service, found).reason == "needs_resubscribe"
    with pytest.raises(SubscriptionEnded) as refused:
        own(browser.service.change_own, found, profile=Profile(tags=()))
    assert refused.value.facts == {"ended_reason": "needs_resubscribe"}
    assert show(browser.service, found).is_active
    new = browser.subscribes("y", previous="x")
    assert (browser.stands_for, new.subscription.packed.tags, new.subscription.reason) == ("y", ("news",), None)


def test_one_in_trouble_may_be_changed_by_its_owner_and_is_well_after_a_refresh() -> None:
    browser = Browser()
    row = browser.subscribes("x").subscription
    browser.store.trouble(**ON_SITE, key=row.key, active_since=row.active_since, why="needs_resubscribe")
    changed = browser.service.change(**ON_SITE, subscription_id=row.id, profile=Profile(tags=("vip",)))
    assert (changed.packed.tags, changed.reason) == (("vip",), "needs_resubscribe")
    assert browser.subscribes("x").subscription.reason is None


# --- Whose browser it is ---


def says(service: Subscriptions, found: Subscribed, person: str | None, said_ms: int = 0) -> str | None:
    signature = None if person is None else signed("ids_of_ada", person)
    own(service.change_own, found, profile=Profile(external_id=person, said_ms=said_ms), signature=signature)
    return show(service, found).external_id


def test_a_late_word_does_not_sign_in_who_has_signed_out() -> None:
    browser = Browser()
    found = browser.subscribes("x")
    assert says(browser.service, found, None, 200) is None
    assert says(browser.service, found, "ada", 100) is None
    assert says(browser.service, found, "ada", 300) == "ada"


def test_nor_out_who_has_signed_in_nor_in_as_somebody_before() -> None:
    browser = Browser()
    found = browser.subscribes("x")
    assert says(browser.service, found, "ben", 200) == "ben"
    assert says(browser.service, found, None, 100) == "ben"
    assert says(browser.service, found, "ada", 150) == "ben"
    assert says(browser.service, found, "ada", 200) == "ada"  # the same instant: the last to arrive


def test_what_else_a_late_word_says_is_heard() -> None:
    browser = Browser()
    found = browser.subscribes("x")
    says(browser.service, found, None, 200)
    late = Profile(tags=("news",), said_ms=100)
    own(browser.service.change_own, found, profile=late)
    known = show(browser.service, found)
    assert (known.packed.tags, known.packed.said_ms, known.packed.identified_ms) == (("news",), 200, 200)


def test_who_does_not_tell_the_time_is_heard_as_it_comes() -> None:
    browser = Browser()
    found = browser.subscribes("x")
    says(browser.service, found, "ada", 200)
    assert says(browser.service, found, None) is None
    assert says(browser.service, found, "late", 199) is None
    changed = browser.service.change(
        **ON_SITE, subscription_id=found.subscription.id, profile=Profile(external_id="by the owner")
    )
    assert changed.external_id == "by the owner"


def test_a_word_about_something_else_does_not_make_an_earlier_login_late() -> None:
    browser = Browser()
    found = browser.subscribes("x")
    own(browser.service.change_own, found, profile=Profile(tags=("news",), said_ms=200))
    assert says(browser.service, found, "ada", 100) == "ada"


def test_who_signed_out_is_not_signed_in_by_a_new_endpoint() -> None:
    browser = Browser()
    old = browser.subscribes("old")
    says(browser.service, old, "ada", 100)
    says(browser.service, old, None, 200)
    new = browser.subscribes("new", previous="old", profile=Profile(said_ms=300))
    assert show(browser.service, new).external_id is None
    assert says(browser.service, new, "ada", 150) is None


def test_of_two_rows_of_a_browser_the_later_word_says_whose_it_is() -> None:
    browser = Browser()
    old = browser.subscribes("old")
    says(browser.service, old, "ada", 100)
    new = browser.subscribes("new", previous="old")
    assert says(browser.service, new, None, 200) is None
    back = browser.subscribes("old", profile=Profile(said_ms=300))
    assert show(browser.service, back).external_id is None
    assert in_milliseconds(NOW) < show(browser.service, back).active_since
