"""What every store of subscriptions must do: the real one over DynamoDB, and the fake that unit tests lean on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

import msgspec
import pytest

from chalicelib.core.clock import in_milliseconds
from chalicelib.features.subscriptions.model import (
    Consent,
    Packed,
    Recipient,
    Status,
    Subscription,
    pack,
    unpack,
)
from chalicelib.features.subscriptions.service.ports import Audience, SubscriptionStore
from chalicelib.features.subscriptions.store import SubscriptionRows
from tests.unit.subscriptions.memory import ADA, AUTH, CYD, NOW, POINT, MemorySubscriptions, endpoint

SITE = "site_a"
SINCE = in_milliseconds(NOW)
FIRST, LAST = b"\x00" * 16, b"\xff" * 16


class Store(SubscriptionStore, Audience, Protocol):
    pass


@pytest.fixture(params=["memory", "rows"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "memory":
        yield MemorySubscriptions()
    else:
        request.getfixturevalue("aws")
        yield SubscriptionRows()


def key(number: int) -> bytes:
    """Two a shard, in order."""
    return bytes([number % 32 * 8]) + number.to_bytes(15)


def a_row(number: int = 0, **words: object) -> Subscription:
    row = Subscription(
        ADA,
        SITE,
        key(number),
        "vap_1",
        Packed(endpoint(number), POINT, AUTH, "UTC", "de", ("news", "é"), {"a": 1.5, "b": True}, SINCE, SINCE),
        active_since=SINCE,
        external_id="user#1",
        rev=0,
    )
    return replace(row, **words)  # type: ignore[arg-type]  # named fields of the row


def stored(store: Store, row: Subscription) -> Subscription:
    assert store.put(row)
    return replace(row, rev=row.rev + 1)


def recipient(row: Subscription) -> Recipient:
    return Recipient(row.key, row.is_active, row.active_since, row.key_id, row.external_id, pack(row.packed))


@pytest.mark.parametrize(
    "row",
    [
        a_row(),
        a_row(external_id=None),
        a_row(status=Status.ENDED, ended_at=NOW, ended_reason="gone"),
        a_row(packed=Packed(endpoint(), POINT, AUTH, consent=Consent(SINCE, "Yes", "1"))),
    ],
    ids=["full", "anonymous", "ended", "bare"],
)
def test_a_row_comes_back_as_it_went_in(store: Store, row: Subscription) -> None:
    known = stored(store, row)
    assert store.get(ADA, SITE, row.key) == known
    assert store.page(ADA, SITE, after=None, limit=10) == ([known], False)
    assert store.read(ADA, SITE, start=FIRST, end=LAST, limit=10) == ([recipient(known)], False)
    assert store.pick(ADA, SITE, [row.key]) == [recipient(known)]


def test_another_tenant_or_site_sees_nothing_of_it(store: Store) -> None:
    row = stored(store, a_row())
    for tenant_id, site_id in ((CYD, SITE), (ADA, "site_b")):
        assert store.get(tenant_id, site_id, row.key) is None
        assert store.page(tenant_id, site_id, after=None, limit=10) == ([], False)
        assert list(store.of_person(tenant_id, site_id, "user#1", most=10)) == []
        assert store.read(tenant_id, site_id, start=FIRST, end=LAST, limit=10) == ([], False)
        assert store.pick(tenant_id, site_id, [row.key]) == []
        assert not store.bury(tenant_id, site_id, key=row.key, active_since=SINCE, reason="gone", at=NOW)
    assert store.get(ADA, SITE, row.key) == row


def test_a_write_needs_the_revision_it_was_made_from(store: Store) -> None:
    row = stored(store, a_row())
    assert not store.put(a_row(external_id="late"))
    newer = stored(store, replace(row, external_id="user-2"))
    assert newer.rev == 2
    assert not store.put(replace(row, external_id="later"))
    assert not store.put(a_row(1, rev=1))
    assert store.get(ADA, SITE, row.key) == newer
    assert store.get(ADA, SITE, key(1)) is None


def test_a_tombstone_keeps_all_but_the_life(store: Store) -> None:
    row = stored(store, a_row())
    assert store.bury(ADA, SITE, key=row.key, active_since=SINCE, reason="gone", at=NOW)
    ended = replace(row, status=Status.ENDED, ended_at=NOW, ended_reason="gone", rev=2)
    assert store.get(ADA, SITE, row.key) == ended
    assert not store.read(ADA, SITE, start=FIRST, end=LAST, limit=1)[0][0].is_active
    assert list(store.of_person(ADA, SITE, "user#1", most=10)) == [ended]


def test_a_tombstone_names_the_life_it_ends(store: Store) -> None:
    row = stored(store, a_row())
    for active_since in (SINCE - 1, SINCE + 1, 0):
        assert not store.bury(ADA, SITE, key=row.key, active_since=active_since, reason="gone", at=NOW)
    assert not store.bury(ADA, SITE, key=key(1), active_since=SINCE, reason="gone", at=NOW)
    assert store.get(ADA, SITE, row.key) == row
    assert store.get(ADA, SITE, key(1)) is None
    assert store.bury(ADA, SITE, key=row.key, active_since=SINCE, reason="gone", at=NOW)
    later = NOW + timedelta(days=1)
    assert not store.bury(ADA, SITE, key=row.key, active_since=SINCE, reason="removed", at=later)


def test_a_tombstone_leaves_a_change_alone_and_a_change_notices_a_tombstone(store: Store) -> None:
    row = stored(store, a_row())
    tagged = stored(store, replace(row, packed=msgspec.structs.replace(row.packed, tags=("new",))))
    assert store.bury(ADA, SITE, key=row.key, active_since=row.active_since, reason="gone", at=NOW)
    found = store.get(ADA, SITE, row.key)
    assert found is not None
    assert (found.status, found.packed.tags) == (Status.ENDED, ("new",))
    assert not store.put(replace(tagged, external_id="revived by mistake"))
    assert store.get(ADA, SITE, row.key) == found


def test_one_that_comes_back_leaves_nothing_of_its_tombstone(store: Store) -> None:
    row = stored(store, a_row(status=Status.ENDED, ended_at=NOW, ended_reason="gone"))
    back = stored(
        store,
        replace(row, status=Status.ACTIVE, ended_at=None, ended_reason=None, external_id=None, active_since=SINCE + 1),
    )
    assert store.get(ADA, SITE, row.key) == back
    assert list(store.of_person(ADA, SITE, "user#1", most=10)) == []


def test_a_person_is_found_in_all_shards_and_by_the_whole_name(store: Store) -> None:
    rows = [stored(store, a_row(n)) for n in (31, 0, 7, 15)]
    stored(store, a_row(1, external_id="user"))
    stored(store, a_row(2, external_id="user#1#"))
    stored(store, a_row(3, external_id=None))
    found = store.of_person(ADA, SITE, "user#1", most=10)
    assert list(found) == sorted(rows, key=lambda row: row.key)
    assert len(store.of_person(ADA, SITE, "user#1", most=2)) == 2
    assert list(store.of_person(ADA, SITE, "nobody", most=10)) == []


def test_keys_are_picked_in_the_order_asked_for(store: Store) -> None:
    rows = {n: stored(store, a_row(n)) for n in range(3)}
    asked = [key(2), key(9), key(0), key(2)]
    assert store.pick(ADA, SITE, asked) == [recipient(rows[2]), recipient(rows[0])]
    assert store.pick(ADA, SITE, []) == []


def test_more_keys_are_picked_than_one_call_takes(store: Store) -> None:
    rows = [stored(store, a_row(n)) for n in range(130)]
    assert store.pick(ADA, SITE, [row.key for row in rows]) == [recipient(row) for row in rows]


@pytest.mark.parametrize("limit", [1, 3, 64, 65, 1_000])
def test_a_read_runs_over_the_shards_in_order(store: Store, limit: int) -> None:
    rows = sorted((stored(store, a_row(n)) for n in range(64)), key=lambda row: row.key)
    found: list[Recipient] = []
    start = FIRST
    for _ in range(100):
        page, more = store.read(ADA, SITE, start=start, end=LAST, limit=limit)
        assert len(page) <= limit
        assert more or len(page) < limit or found + page == [recipient(row) for row in rows]
        found += page
        if not more:
            break
        start = (int.from_bytes(page[-1].key) + 1).to_bytes(16)
    assert found == [recipient(row) for row in rows]


@pytest.mark.parametrize("limit", [1, 3, 64, 65])
def test_pages_run_over_the_shards_in_order(store: Store, limit: int) -> None:
    rows = sorted((stored(store, a_row(n)) for n in range(64)), key=lambda row: row.key)
    found: list[Subscription] = []
    for _ in range(100):
        page, more = store.page(ADA, SITE, after=found[-1].key if found else None, limit=limit)
        found += page
        if not more:
            break
    assert found == rows


def test_a_read_takes_both_its_ends_and_nothing_beyond(store: Store) -> None:
    at = [FIRST, b"\x7f" + b"\xff" * 15, b"\x80" + b"\x00" * 15, b"\x80" + b"\x00" * 14 + b"\x01", LAST]
    rows = [recipient(stored(store, replace(a_row(), key=place))) for place in at]
    for first in range(len(at)):
        for last in range(len(at)):
            found, _ = store.read(ADA, SITE, start=at[first], end=at[last], limit=10)
            assert found == rows[first : last + 1]
    for place, row in zip(at, rows, strict=True):
        above = min(int.from_bytes(place) + 1, 2**128 - 1).to_bytes(16)
        below = max(int.from_bytes(place) - 1, 0).to_bytes(16)
        assert row not in store.read(ADA, SITE, start=above, end=LAST, limit=10)[0] or place == LAST
        assert row not in store.read(ADA, SITE, start=FIRST, end=below, limit=10)[0] or place == FIRST


def test_what_is_read_can_be_unpacked(store: Store) -> None:
    row = stored(store, a_row())
    (found,), _ = store.read(ADA, SITE, start=FIRST, end=LAST, limit=1)
    assert unpack(found.packed) == row.packed


# --- Bringing a tombstone back ---


def a_tombstone(number: int = 0, **words: object) -> Subscription:
    return a_row(number, **{"status": Status.ENDED, "ended_at": NOW, "ended_reason": "gone", **words})


def test_a_tombstone_that_is_brought_back_begins_a_new_life(store: Store) -> None:
    buried = stored(store, a_tombstone())
    assert store.revive(buried, active_since=SINCE + 5)
    back = store.get(ADA, SITE, buried.key)
    assert back == replace(
        buried, status=Status.ACTIVE, active_since=SINCE + 5, ended_at=None, ended_reason=None, rev=buried.rev + 1
    )
    assert not store.bury(ADA, SITE, key=buried.key, active_since=SINCE, reason="gone", at=NOW)
    assert [row.key for row in store.of_person(ADA, SITE, "user#1", most=10)] == [buried.key]


def test_one_that_is_no_longer_as_it_was_read_stays(store: Store) -> None:
    buried = stored(store, a_tombstone())
    for other in (
        replace(buried, active_since=SINCE - 1),
        replace(buried, ended_at=NOW + timedelta(seconds=1)),
        replace(buried, ended_reason="unsubscribed"),
        replace(buried, key=key(9)),
        replace(buried, tenant_id=CYD),
        replace(buried, site_id="site_b"),
    ):
        assert not store.revive(other, active_since=SINCE + 5)
    assert store.get(ADA, SITE, buried.key) == buried


def test_the_living_are_not_brought_back(store: Store) -> None:
    alive = stored(store, a_row())
    assert not store.revive(replace(alive, ended_at=NOW, ended_reason="gone"), active_since=SINCE + 5)
    assert store.get(ADA, SITE, alive.key) == alive


@pytest.mark.parametrize("limit", [1, 5, 64])
def test_pages_end_where_they_are_to_end(store: Store, limit: int) -> None:
    rows = sorted((stored(store, a_row(n)) for n in range(64)), key=lambda row: row.key)
    for first, last in ((None, 40), (10, 11), (10, 40), (None, 0), (62, 63)):
        after, to = None if first is None else rows[first].key, rows[last].key
        found: list[Subscription] = []
        for _ in range(100):
            page, more = store.page(ADA, SITE, after=found[-1].key if found else after, limit=limit, to=to)
            found += page
            if not more:
                break
        assert found == rows[0 if first is None else first + 1 : last + 1]


def test_what_troubles_a_row_is_kept_and_gone_with_a_new_life(store: Store) -> None:
    row = stored(store, a_row(trouble="needs_resubscribe"))
    assert store.get(ADA, SITE, row.key) == row
    buried = stored(store, replace(row, status=Status.ENDED, ended_at=NOW, ended_reason="gone"))
    assert store.revive(buried, active_since=SINCE + 5)
    back = store.get(ADA, SITE, row.key)
    assert back is not None
    assert back.trouble is None


def test_trouble_is_noted_of_the_life_it_was_met_in_and_once(store: Store) -> None:
    row = stored(store, a_row())
    place: dict[str, Any] = {"tenant_id": ADA, "site_id": SITE, "key": row.key, "why": "needs_resubscribe"}
    assert not store.trouble(**place, active_since=SINCE - 1)
    assert not store.trouble(**{**place, "key": key(9)}, active_since=SINCE)
    assert store.trouble(**place, active_since=SINCE)
    assert not store.trouble(**place, active_since=SINCE)
    assert store.get(ADA, SITE, row.key) == replace(row, trouble="needs_resubscribe", rev=2)
    assert not store.put(replace(row, external_id="a change from before"))
    buried = stored(store, a_tombstone(3))
    assert not store.trouble(**{**place, "key": buried.key}, active_since=SINCE)


def test_one_that_was_replaced_names_its_successor_until_it_comes_back(store: Store) -> None:
    row = stored(store, a_row())
    gone = replace(row, status=Status.ENDED, ended_at=NOW, ended_reason="replaced", successor=key(7))
    buried = stored(store, gone)
    assert store.get(ADA, SITE, row.key) == buried == replace(gone, rev=2)
    back = stored(store, replace(buried, status=Status.ACTIVE, ended_at=None, ended_reason=None, successor=None))
    assert store.get(ADA, SITE, row.key) == back
