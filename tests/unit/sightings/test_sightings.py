"""What is noted of who comes: rarely, in little room, and never at the cost of a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import NotFound
from chalicelib.features.sightings.model import (
    MOST_REFUSALS,
    NOTED_EVERY,
    Refusal,
    Sight,
    Sightings,
    origin_as_shown,
)
from chalicelib.features.sightings.service import Visited, Witness
from tests.unit.sightings.memory import MemorySightings

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHOP = "https://shop.example"
KEY = "pk_1"


@dataclass(frozen=True)
class Site:
    id: str = "site_1"
    tenant_id: str = "ten_1"


def refusal(code: str = "origin_not_allowed", origin: str = "https://evil.test", minutes: float = 0) -> Refusal:
    return Refusal(code, "config", origin, NOON + timedelta(minutes=minutes))


def note(
    witness: Witness,
    *,
    what: str = "config",
    origin: str = SHOP,
    code: str | None = None,
    minutes: float = 0,
    key: str = KEY,
    site: Callable[[], Visited] = Site,
    version: str | None = None,
) -> None:
    at = NOON + timedelta(minutes=minutes)
    witness.note(site_key=key, site=site, what=what, origin=origin, code=code, version=version, at=at)


def test_nothing_was_seen_of_a_new_site() -> None:
    assert (Sightings().last_seen, Sightings().last_at) == (None, None)


def test_the_last_of_all_routes_counts() -> None:
    early, late = Sight(SHOP, NOON), Sight("https://www.shop.example", NOON + timedelta(hours=1))
    seen = Sightings().with_sight("subscriptions", late).with_sight("config", early)
    assert (seen.last_seen, seen.last_at) == (late, late.at)
    refused = seen.with_refusal(refusal(minutes=600))
    assert (refused.last_seen, refused.last_at) == (late, NOON + timedelta(hours=10))
    assert Sightings().with_refusal(refusal()).last_at == NOON


def test_the_version_is_the_one_that_was_told_last() -> None:
    store = MemorySightings()
    witness = Witness(store=store)
    note(witness, version="0.1.0")
    note(witness, what="subscriptions", minutes=10)
    assert store.rows["ten_1", "site_1"].version == "0.1.0"
    note(witness, version="0.2.0", minutes=20)
    note(witness, what="again", version="0.1.9", minutes=15)
    assert store.rows["ten_1", "site_1"].version == "0.2.0"
    assert Sightings().version is None


def test_the_same_a_moment_later_is_no_news() -> None:
    first = Sightings().with_sight("config", Sight(SHOP, NOON))
    assert first.with_sight("config", Sight("https://other.example", NOON + timedelta(minutes=4))) is first
    assert first.with_sight("config", Sight(SHOP, NOON + NOTED_EVERY)).seen["config"].at == NOON + NOTED_EVERY
    refused = first.with_refusal(refusal())
    assert refused.with_refusal(refusal(origin="https://other.test", minutes=4)) is refused
    assert len(refused.with_refusal(refusal(code="invalid", minutes=4)).refusals) == 2


def test_one_that_is_refused_again_is_kept_once_and_first() -> None:
    seen = Sightings()
    for minutes, origin in ((0, "https://a.test"), (10, "https://b.test"), (20, "https://a.test")):
        seen = seen.with_refusal(refusal(origin=origin, minutes=minutes))
    assert [each.origin for each in seen.refusals] == ["https://a.test", "https://b.test"]
    assert seen.refusals[0].at == NOON + timedelta(minutes=20)


@given(st.lists(st.tuples(st.text(max_size=300), st.integers(0, 10_000), st.sampled_from(["a", "b"])), max_size=40))
def test_strangers_cannot_fill_it(came: list[tuple[str, int, str]]) -> None:
    seen = Sightings()
    for origin, minutes, code in came:
        seen = seen.with_refusal(refusal(code, origin_as_shown(origin), minutes))
    assert len(seen.refusals) <= MOST_REFUSALS
    assert all(len(each.origin) <= 200 for each in seen.refusals)


@pytest.mark.parametrize("said", ["", "a" * 201, "https://a b", "https://ä.example", "x\ny", "\x00"])
def test_what_is_no_origin_is_not_kept(said: str) -> None:
    assert origin_as_shown(said) == "?"


def test_a_sight_is_noted_once_in_five_minutes() -> None:
    store = MemorySightings()
    witness = Witness(store=store)
    for minutes in (0, 1, 4.9):
        note(witness, minutes=minutes)
    assert (store.reads, store.writes) == (1, 1)
    note(witness, minutes=5)
    assert (store.reads, store.writes) == (2, 2)
    seen = witness.of_site(tenant_id="ten_1", site_id="site_1")
    assert seen.last_seen == Sight(SHOP, NOON + timedelta(minutes=5))


def test_of_many_processes_one_writes() -> None:
    store = MemorySightings()
    for _ in range(5):
        note(Witness(store=store))
        note(Witness(store=store), code="origin_not_allowed", origin="https://evil.test")
    assert (store.reads, store.writes) == (10, 2)


def test_each_kind_is_noted_by_itself() -> None:
    store = MemorySightings()
    witness = Witness(store=store)
    note(witness)
    note(witness, what="subscriptions")
    note(witness, code="invalid")
    note(witness, code="rate_limited")
    note(witness, key="pk_2", site=lambda: Site("site_2"))
    seen = store.rows["ten_1", "site_1"]
    assert (set(seen.seen), [each.code for each in seen.refusals]) == (
        {"config", "subscriptions"},
        ["rate_limited", "invalid"],
    )
    assert store.writes == 5


def test_a_clock_that_went_back_does_not_silence_it() -> None:
    store = MemorySightings()
    witness = Witness(store=store)
    note(witness, minutes=60)
    note(witness, minutes=0)
    assert store.reads == 2


def test_whoever_comes_does_not_hear_of_trouble_with_it() -> None:
    def gone() -> Site:
        raise NotFound

    store = MemorySightings(is_away=True)
    witness = Witness(store=store)
    note(witness)
    note(witness, what="subscriptions", site=gone)
    assert store.rows == {}


def test_who_was_slower_leaves_it_at_that() -> None:
    store = MemorySightings()
    witness = Witness(store=store)
    known = store.get("ten_1", "site_1").with_sight("config", Sight(SHOP, NOON))
    assert store.put("ten_1", "site_1", known)
    assert not store.put("ten_1", "site_1", known)
    note(witness, minutes=1)
    assert store.rows["ten_1", "site_1"].rev == 1


def test_its_memory_has_an_end() -> None:
    store = MemorySightings()
    witness = Witness(store=store)
    for number in range(1_001):
        note(witness, what=f"route {number}")
    assert len(witness._noted) == 1
