"""What every store of stops must do: the real one over DynamoDB, and the one in memory."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.features.operations.model import Stop
from chalicelib.features.operations.store import StopRows
from tests.unit.operations.memory import Stops as StopsInMemory

Store = StopRows | StopsInMemory

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADA, CYD = "ten_ada", "ten_cyd"


@pytest.fixture(params=["memory", "rows"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return StopsInMemory()
    request.getfixturevalue("aws")
    return StopRows()


def test_at_first_nobody_is_stopped(store: Store) -> None:
    assert not store.has_any(ADA)


def test_a_tenants_stop_is_nobody_elses(store: Store) -> None:
    store.put(ADA, at=NOON)
    assert (store.has_any(ADA), store.has_any(CYD)) == (True, False)


def test_a_stop_for_all_is_everybodys(store: Store) -> None:
    store.put(None, at=NOON)
    assert (store.has_any(ADA), store.has_any(CYD)) == (True, True)


@pytest.mark.parametrize("tenant_id", [ADA, None])
def test_stopped_twice_is_started_once(store: Store, tenant_id: str | None) -> None:
    store.put(tenant_id, at=NOON)
    store.put(tenant_id, at=NOON)
    store.drop(tenant_id)
    store.drop(tenant_id)
    assert not store.has_any(ADA)


def test_one_start_leaves_the_other_stop_alone(store: Store) -> None:
    store.put(None, at=NOON)
    store.put(ADA, at=NOON)
    store.drop(ADA)
    assert store.has_any(ADA)
    store.drop(None)
    assert not store.has_any(ADA)


def test_all_that_stand_are_listed_everyones_first(store: Store) -> None:
    assert list(store.standing()) == []
    for tenant_id in (CYD, None, ADA):
        store.put(tenant_id, at=NOON)
    assert list(store.standing()) == [Stop(None, NOON), Stop(ADA, NOON), Stop(CYD, NOON)]
