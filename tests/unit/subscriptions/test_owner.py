"""Subscriptions as the site's owner sees them."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain
from typing import Any

import pytest

from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import NotFound
from chalicelib.core.paging import BadCursor
from chalicelib.features.subscriptions.model import (
    EndReason,
    Profile,
    Status,
    SubscriptionEnded,
)
from chalicelib.features.subscriptions.service.subscriptions import Filter, Subscriptions
from tests.unit.subscriptions.asking import LATER, ON_SITE, UNKNOWN, show, subscribe
from tests.unit.subscriptions.memory import (
    ADA,
    CYD,
    NOW,
    MemorySubscriptions,
    endpoint,
    make_subscriptions,
    signed,
)

# --- The site's owner ---


def test_the_owner_shows_changes_and_ends_any_of_the_site() -> None:
    service = make_subscriptions(MemorySubscriptions())
    found = subscribe(service)
    named = {**ON_SITE, "subscription_id": found.subscription.id}
    after = service.change(**named, profile=Profile(tags=("vip",), external_id="u"))
    known = show(service, found)
    assert (after.packed, known.packed.tags, known.external_id) == (known.packed, ("vip",), "u")
    assert known.packed.seen_ms == in_milliseconds(NOW)
    service.end(**named, now=LATER)
    known = show(service, found)
    assert (known.status, known.ended_reason) == (Status.ENDED, EndReason.REMOVED)
    service.end(**named, now=LATER + timedelta(days=1))
    assert show(service, found) == known
    with pytest.raises(SubscriptionEnded):
        service.change(**named, profile=Profile(tags=("x",)))


def test_anothers_answers_like_an_unknown_one() -> None:
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    found = subscribe(service, tenant_id=CYD, site_id="site_c")
    before = dict(store.rows)
    calls: list[list[str]] = []
    for subscription_id in (found.subscription.id, UNKNOWN):
        for site in ({"tenant_id": ADA, "site_id": "site_a"}, {"tenant_id": ADA, "site_id": "site_c"}):
            store.calls.clear()
            named = {**site, "subscription_id": subscription_id}
            with pytest.raises(NotFound):
                service.get(**named)
            with pytest.raises(NotFound):
                service.change(**named, profile=Profile(tags=("x",)))
            with pytest.raises(NotFound):
                service.end(**named, now=NOW)
            calls.append(list(store.calls))
    assert calls[:2] == calls[2:] == [["named", "get", "get"], ["named"]]
    assert store.rows == before
    with pytest.raises(NotFound):
        service.list(tenant_id=ADA, site_id="site_c", wanted=Filter(), limit=50, cursor=None)


@pytest.mark.parametrize("subscription_id", ["", "sub_", "sub_" + "G" * 32, "x" * 10_000, "\0"])
def test_the_store_is_never_asked_for_what_cannot_be_an_id(subscription_id: str) -> None:
    store = MemorySubscriptions()
    service, named = make_subscriptions(store), {**ON_SITE, "subscription_id": subscription_id}
    with pytest.raises(NotFound):
        service.get(**named)
    with pytest.raises(NotFound):
        service.end(**named, now=NOW)
    assert store.calls == []


# --- Lists ---


def everything(service: Subscriptions, *, limit: int, wanted: Filter | None = None) -> list[list[str]]:
    """Page by page."""
    pages, cursor = [], None
    for _ in range(1_000):
        page = service.list(**ON_SITE, wanted=wanted or Filter(), limit=limit, cursor=cursor)
        pages.append([row.id for row in page.rows])
        cursor = page.position
        if cursor is None:
            return pages
    raise AssertionError("the list does not end")


def joined(pages: list[list[str]]) -> list[str]:
    return list(chain.from_iterable(pages))


def fill(service: Subscriptions, count: int) -> list[str]:
    """Every third is tagged, every fifth has ended."""
    ids = []
    for n in range(count):
        found = subscribe(service, n, profile=Profile(tags=("news",)) if n % 3 == 0 else Profile()).subscription
        if n % 5 == 0:
            service.end(**ON_SITE, subscription_id=found.id, now=NOW)
        ids.append(found.id)
    subscribe(service, tenant_id=CYD, site_id="site_c")
    subscribe(service, site_id="site_b")
    return ids


def test_a_list_runs_through_all_shards_in_order() -> None:
    service = make_subscriptions(MemorySubscriptions())
    ids = sorted(fill(service, 45))
    for limit in (1, 7, 44, 45, 46, 100):
        pages = everything(service, limit=limit)
        assert joined(pages) == ids
        assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
        assert len(pages) == -(-45 // limit)


def test_an_empty_list_is_one_empty_page() -> None:
    service = make_subscriptions(MemorySubscriptions())
    assert everything(service, limit=10) == [[]] == everything(service, limit=10, wanted=Filter(external_id="u"))


@pytest.mark.parametrize("limit", [1, 4, 100])
def test_a_list_is_narrowed_by_tag_and_status(limit: int) -> None:
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    fill(service, 45)
    rows = [row for place, row in sorted(store.rows.items()) if place[:2] == (ADA, "site_a")]
    for wanted in (Filter(tag="news"), Filter(status=Status.ENDED), Filter(tag="news", status=Status.ACTIVE)):
        expected = [row.id for row in rows if wanted.takes(row)]
        assert joined(everything(service, limit=limit, wanted=wanted)) == expected
    assert everything(service, limit=limit, wanted=Filter(tag="none such")) == [[]]


def test_a_search_stops_after_some_reads_and_goes_on_by_cursor() -> None:
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    fill(service, 2_250)
    rare = max(row.key for row in store.rows.values() if row.site_id == "site_a" and row.is_active)
    service.change(**ON_SITE, subscription_id=f"sub_{rare.hex()}", profile=Profile(tags=("rare",)))
    store.calls.clear()
    page = service.list(**ON_SITE, wanted=Filter(tag="rare"), limit=5, cursor=None)
    assert (page.rows, page.position is None, store.calls) == ([], False, ["page"] * 10)
    assert everything(service, limit=5, wanted=Filter(tag="rare")) == [[], [f"sub_{rare.hex()}"]]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_a_person_is_found_by_external_id(limit: int) -> None:
    service = make_subscriptions(MemorySubscriptions())
    words: dict[str, Any] = {"profile": Profile(("news",), external_id="u#1"), "signature": signed("ids_of_ada", "u#1")}
    ids = sorted(subscribe(service, n, **words).subscription.id for n in range(3))
    subscribe(service, "other", profile=Profile(external_id="u"), signature=signed("ids_of_ada", "u"))
    service.end(**ON_SITE, subscription_id=ids[1], now=NOW)
    assert joined(everything(service, limit=limit, wanted=Filter(external_id="u#1"))) == ids
    active = Filter(external_id="u#1", status=Status.ACTIVE, tag="news")
    assert joined(everything(service, limit=limit, wanted=active)) == [ids[0], ids[2]]
    assert [f"sub_{key.hex()}" for key in service.keys_of(**ON_SITE, external_id="u#1")] == [ids[0], ids[2]]


@pytest.mark.parametrize("endpoints_before", [0, 180])
@pytest.mark.parametrize("ended", [0, 180])
def test_a_person_of_many_tombstones_is_reached_all_the_same(endpoints_before: int, ended: int) -> None:
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    words: dict[str, Any] = {"profile": Profile(external_id="u"), "signature": signed("ids_of_ada", "u")}
    for number in range(ended):
        row = subscribe(service, f"gone {number}", **words).subscription
        store.bury(**ON_SITE, key=row.key, active_since=row.active_since, reason="gone", at=NOW)
    previous = None
    for number in range(endpoints_before):
        subscribe(service, f"before {number}", previous_endpoint=previous, **words)
        previous = endpoint(f"before {number}")
    alive = subscribe(service, "alive", previous_endpoint=previous, **words).subscription
    asked: dict[str, Any] = {**ON_SITE, "external_ids": ["u"]}
    assert service.keys_of(**ON_SITE, external_id="u") == [alive.key]
    assert service.browsers_of(**asked)["u"][0] == (alive.key, True)
    found = joined(everything(service, limit=100, wanted=Filter(external_id="u")))
    assert (len(found), alive.id in found) == (ended + 1, True)  # who was replaced is nobody's


def test_of_a_kiosk_a_hundred_are_reached() -> None:
    service = make_subscriptions(MemorySubscriptions())
    words: dict[str, Any] = {"profile": Profile(external_id="u"), "signature": signed("ids_of_ada", "u")}
    for number in range(101):
        subscribe(service, number, **words)
    assert len(service.keys_of(**ON_SITE, external_id="u")) == 100
    assert len(service.browsers_of(**ON_SITE, external_ids=["u", "nobody"])["u"]) == 100


def test_a_cursor_belongs_to_one_list() -> None:
    service = make_subscriptions(MemorySubscriptions())
    fill(service, 10)
    cursor = service.list(**ON_SITE, wanted=Filter(), limit=2, cursor=None).position
    asked: dict[str, Any] = {**ON_SITE, "wanted": Filter(), "limit": 2, "cursor": cursor}
    wrong: list[dict[str, Any]] = [
        {"wanted": Filter(tag="news")},
        {"site_id": "site_b"},
        {"tenant_id": CYD, "site_id": "site_c"},
        {"cursor": "AAAA"},
        {"cursor": "not base64!"},
    ]
    for words in wrong:
        with pytest.raises(BadCursor):
            service.list(**asked | words)
