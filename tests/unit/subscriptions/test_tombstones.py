"""Bringing back whom a push service ended by mistake: those, and nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import Invalid, NotFound
from chalicelib.core.paging import BadCursor
from chalicelib.features.subscriptions.model import EndReason, Status, Subscription
from chalicelib.features.subscriptions.service.tombstones import Mistake, Portion, Restored
from tests.unit.subscriptions.asking import ON_SITE, own, show, subscribe
from tests.unit.subscriptions.memory import (
    ADA,
    CYD,
    NOW,
    MemorySubscriptions,
    endpoint,
    make_subscriptions,
    make_tombstones,
)

HOUR = timedelta(hours=1)
WHOLE = Portion()
MISTAKE = Mistake(ended_from=NOW, ended_until=NOW + HOUR)


@pytest.fixture
def store() -> MemorySubscriptions:
    return MemorySubscriptions()


def bury(store: MemorySubscriptions, name: object = "x", *, at: timedelta = timedelta(), reason: str = "gone") -> bytes:
    row = subscribe(make_subscriptions(store), name).subscription
    assert store.bury(ADA, "site_a", key=row.key, active_since=row.active_since, reason=reason, at=NOW + at)
    return row.key


def restore(
    store: MemorySubscriptions,
    mistake: Mistake = MISTAKE,
    portion: Portion = WHOLE,
    **words: Any,
) -> Restored:
    asked = {**ON_SITE, "mistake": mistake, "cursor": None, "only_count": False, "now": NOW + 2 * HOUR, **words}
    return make_tombstones(store, portion).restore(**asked)


def living(store: MemorySubscriptions) -> set[bytes]:
    return {row.key for row in store.rows.values() if row.is_active}


def test_who_was_called_gone_begins_a_new_life(store: MemorySubscriptions) -> None:
    key = bury(store)
    assert restore(store) == Restored(restored=1, examined=1, cursor=None)
    (row,) = store.rows.values()
    assert (row.key, row.status, row.ended_at, row.ended_reason) == (key, Status.ACTIVE, None, None)
    assert row.active_since == in_milliseconds(NOW + 2 * HOUR)
    assert restore(store).restored == 0


@pytest.mark.parametrize("reason", [reason for reason in EndReason if reason is not EndReason.GONE])
def test_whoever_ended_otherwise_stays_so(store: MemorySubscriptions, reason: EndReason) -> None:
    bury(store, reason=reason.value)
    assert restore(store) == Restored(restored=0, examined=1, cursor=None)
    assert living(store) == set()


def test_whoever_leaves_after_being_called_gone_has_left(store: MemorySubscriptions) -> None:
    service = make_subscriptions(store)
    by_himself, by_the_owner, elsewhere = (subscribe(service, name) for name in ("a", "b", "c"))
    for found in (by_himself, by_the_owner, elsewhere):
        row = found.subscription
        assert store.bury(ADA, "site_a", key=row.key, active_since=row.active_since, reason="gone", at=NOW)
    own(service.end_own, by_himself)
    service.end(**ON_SITE, subscription_id=by_the_owner.subscription.id, now=NOW)
    successor = subscribe(service, "d", previous_endpoint=endpoint("c")).subscription
    assert restore(store).restored == 0
    assert living(store) == {successor.key}
    reasons = [show(service, found).ended_reason for found in (by_himself, by_the_owner, elsewhere)]
    assert reasons == [EndReason.UNSUBSCRIBED, EndReason.REMOVED, EndReason.REPLACED]


class _Raced(MemorySubscriptions):
    """Somebody else writes each row just before its first change."""

    def put(self, subscription: Subscription) -> bool:
        if (row := self.rows.get((ADA, "site_a", subscription.key))) and row.rev == 2:
            super().put(row)
        return super().put(subscription)


def test_who_leaves_while_the_row_changes_leaves_all_the_same() -> None:
    store = _Raced()
    service = make_subscriptions(store)
    found = subscribe(service)
    row = found.subscription
    assert store.bury(ADA, "site_a", key=row.key, active_since=row.active_since, reason="gone", at=NOW)
    own(service.end_own, found)
    assert show(service, found).ended_reason == EndReason.UNSUBSCRIBED


def test_a_span_begins_with_its_first_instant_and_ends_before_its_last(store: MemorySubscriptions) -> None:
    instant = timedelta(milliseconds=1)
    inside = {bury(store, "first"), bury(store, "last", at=HOUR - instant)}
    bury(store, "before", at=-instant)
    bury(store, "after", at=HOUR)
    assert restore(store).restored == 2
    assert living(store) == inside


def test_what_is_kept_no_longer_is_not_brought_back(store: MemorySubscriptions) -> None:
    """The table may delete it days later."""
    bury(store, "old")
    young = bury(store, "young", at=timedelta(seconds=1))
    assert restore(store, now=NOW + timedelta(days=30)) == Restored(restored=1, examined=2, cursor=None)
    assert living(store) == {young}


def test_a_push_host_can_be_named(store: MemorySubscriptions) -> None:
    bury(store)
    assert restore(store, Mistake(NOW, NOW + HOUR, "web.push.apple.com")).restored == 0
    assert restore(store, Mistake(NOW, NOW + HOUR, "fcm.googleapis.com")).restored == 1


def test_to_count_them_changes_nothing(store: MemorySubscriptions) -> None:
    bury(store, 1)
    bury(store, 2)
    before = dict(store.rows)
    assert restore(store, only_count=True) == Restored(restored=2, examined=2, cursor=None)
    assert store.rows == before


def test_whoever_has_come_back_in_between_is_not_counted(store: MemorySubscriptions) -> None:
    bury(store)
    service = make_subscriptions(store)

    class Racing(MemorySubscriptions):
        def revive(self, *words: Any, **more: Any) -> bool:
            back = subscribe(service, now=NOW + HOUR)
            assert show(service, back).is_active
            return super().revive(*words, **more)

    racing = Racing(store.rows)
    assert restore(racing) == Restored(restored=0, examined=1, cursor=None)
    (row,) = store.rows.values()
    assert row.active_since == in_milliseconds(NOW + HOUR)


def test_a_clock_that_stands_still_makes_a_new_life_all_the_same(store: MemorySubscriptions) -> None:
    bury(store)
    restore(store, now=NOW)
    (row,) = store.rows.values()
    assert row.active_since == in_milliseconds(NOW) + 1


# --- so much at once ---


def test_it_goes_on_where_it_stopped(store: MemorySubscriptions) -> None:
    for name in range(10):
        bury(store, name)
    done: list[tuple[int, int]] = []
    cursor = None
    while not done or cursor is not None:
        step = restore(store, portion=Portion(examined=4, rows_a_read=2), cursor=cursor)
        done.append((step.restored, step.examined))
        cursor = step.cursor
    assert done == [(4, 4), (4, 4), (2, 2)]
    assert len(living(store)) == 10


def test_it_writes_so_many_and_loses_nobody_on_the_way(store: MemorySubscriptions) -> None:
    for name in range(7):
        bury(store, name)
    few = Portion(restored=3)
    first = restore(store, portion=few)
    assert (first.restored, first.examined) == (3, 3)
    second = restore(store, portion=few, cursor=first.cursor)
    last = restore(store, portion=few, cursor=second.cursor)
    assert [second.restored, last.restored, last.cursor] == [3, 1, None]
    assert len(living(store)) == 7


def test_a_cursor_belongs_to_its_span(store: MemorySubscriptions) -> None:
    bury(store, 1)
    bury(store, 2)
    cursor = restore(store, portion=Portion(restored=1)).cursor
    with pytest.raises(BadCursor):
        restore(store, Mistake(NOW, NOW + 2 * HOUR), cursor=cursor)


def test_what_was_only_counted_is_not_skipped_when_it_is_restored(store: MemorySubscriptions) -> None:
    bury(store, 1)
    bury(store, 2)
    cursor = restore(store, portion=Portion(restored=1), only_count=True).cursor
    with pytest.raises(BadCursor):
        restore(store, cursor=cursor)


# --- who and where ---


def test_an_empty_span_is_refused(store: MemorySubscriptions) -> None:
    for ended_until in (NOW, NOW - HOUR):
        with pytest.raises(Invalid):
            restore(store, Mistake(NOW, ended_until))


@pytest.mark.parametrize("whose", [{"site_id": "site_x"}, {"tenant_id": CYD}, {"site_id": "site_c"}])
def test_a_site_that_is_not_this_tenants_is_not_found(store: MemorySubscriptions, whose: dict[str, Any]) -> None:
    bury(store)
    with pytest.raises(NotFound):
        restore(store, **whose)
    assert living(store) == set()


def test_other_sites_are_left_alone(store: MemorySubscriptions) -> None:
    bury(store)
    assert restore(store, site_id="site_b") == Restored(restored=0, examined=0, cursor=None)
    assert living(store) == set()
