"""What every store of sightings must do: the real one over DynamoDB, and the one in memory."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.core.clock import in_seconds
from chalicelib.features.sightings.model import KEPT_FOR, Refusal, Sight, Sightings
from chalicelib.features.sightings.store import SightingRows
from tests.fakes.installation import Installation
from tests.unit.sightings.memory import MemorySightings

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEEN = Sightings(
    seen={"config": Sight("https://shop.example", NOON, "0.1.0"), "subscriptions/{subscription_id}": Sight("https://b.example", NOON)},
    refusals=(Refusal("origin_not_allowed", "config", "https://evil.test", NOON),),
)  # fmt: skip
Store = SightingRows | MemorySightings


@pytest.fixture(params=["memory", "rows"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemorySightings()
    request.getfixturevalue("aws")
    return SightingRows()


def test_of_a_new_site_there_are_none(store: Store) -> None:
    assert store.get("ten_a", "site_1") == Sightings()


def test_what_is_written_is_read(store: Store) -> None:
    assert store.put("ten_a", "site_1", SEEN)
    found = store.get("ten_a", "site_1")
    assert (found.seen, found.refusals, found.rev) == (SEEN.seen, SEEN.refusals, 1)


def test_each_site_and_tenant_has_its_own(store: Store) -> None:
    assert store.put("ten_a", "site_1", SEEN)
    assert store.get("ten_a", "site_2") == store.get("ten_b", "site_1") == Sightings()


def test_who_comes_second_does_not_overwrite(store: Store) -> None:
    assert store.put("ten_a", "site_1", SEEN)
    assert not store.put("ten_a", "site_1", Sightings(seen={"config": Sight("https://late.example", NOON)}))
    first = store.get("ten_a", "site_1")
    assert store.put("ten_a", "site_1", first)
    assert not store.put("ten_a", "site_1", first)
    assert store.get("ten_a", "site_1").seen == SEEN.seen


def test_it_goes_when_nobody_comes_any_more(aws: Installation) -> None:
    SightingRows().put("ten_a", "site_1", SEEN)
    (row,) = aws.rows("core")
    assert row["ttl"] == in_seconds(NOON + KEPT_FOR)
