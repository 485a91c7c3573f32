"""Browsers by name, read together with their site: the real reader over two tables, and the fake."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chalicelib.aws.dynamo import Table
from chalicelib.features.sites.wiring import place_of_site
from chalicelib.features.subscriptions.model import Status, Subscription
from chalicelib.features.subscriptions.service.ports import OnSites, SubscriptionStore
from chalicelib.features.subscriptions.store import BrowsersOnSites, SubscriptionRows
from tests.adapters.aws.faults import Faults
from tests.adapters.subscriptions.test_store_contract import SITE, a_row, key
from tests.unit.subscriptions.memory import ADA, CYD, NOW, MemoryOnSites, MemorySubscriptions

if TYPE_CHECKING:
    from tests.fakes.installation import Installation

Standing = tuple[SubscriptionStore, OnSites]


@pytest.fixture(params=["memory", "rows"])
def standing(request: pytest.FixtureRequest) -> Standing:
    """One site of Ada's; rows there are elsewhere, too."""
    if request.param == "memory":
        store = MemorySubscriptions()
        return store, MemoryOnSites(store, known={(ADA, SITE)})
    request.getfixturevalue("aws")
    Table("core").put({"pk": f"T#{ADA}", "sk": f"SITE#{SITE}", "v": 1})
    return SubscriptionRows(), BrowsersOnSites(place_of_site=place_of_site())


def written(store: SubscriptionStore, *rows: Subscription) -> list[Subscription]:
    assert all(store.put(row) for row in rows)
    return [replace(row, rev=1) for row in rows]


def test_those_named_are_found_whatever_has_become_of_them(standing: Standing) -> None:
    store, on_sites = standing
    rows = written(store, a_row(0), a_row(3, status=Status.ENDED, ended_at=NOW, ended_reason="gone"), a_row(30))
    found = on_sites.named(ADA, SITE, [key(3), key(0), key(3), key(9)])
    assert found is not None
    assert sorted(found, key=lambda row: row.key) == rows[:2]
    assert on_sites.named(ADA, SITE, []) == []


def test_people_are_found_by_all_their_browsers_in_order(standing: Standing) -> None:
    store, on_sites = standing
    rows = written(store, a_row(5, external_id="ada"), a_row(9, external_id="ben"), a_row(20, external_id="ada"))
    written(store, a_row(7, external_id="cyd"), a_row(8, external_id=None))
    assert on_sites.of_people(ADA, SITE, ["ada", "ben", "nobody"], most=9) == rows
    assert on_sites.of_people(ADA, SITE, ["nobody"], most=9) == []


@pytest.mark.parametrize("place", [(ADA, "site_closed"), (CYD, SITE)])
def test_where_there_is_no_site_there_is_nobody(standing: Standing, place: tuple[str, str]) -> None:
    store, on_sites = standing
    written(store, a_row(0, tenant_id=place[0], site_id=place[1]))
    assert on_sites.named(*place, [key(0)]) is None
    assert on_sites.of_people(*place, ["user#1"], most=9) is None


def test_an_index_that_is_late_is_not_believed(aws: Installation) -> None:
    """It still says whose a browser was."""
    Table("core").put({"pk": f"T#{ADA}", "sk": f"SITE#{SITE}", "v": 1})
    store = SubscriptionRows()
    (row,) = written(store, a_row(0, external_id="ada"))
    Table("subs").update(*_place(aws), {"external_id": "ben"})
    assert BrowsersOnSites(place_of_site=place_of_site()).of_people(ADA, SITE, ["ada"], most=9) == []
    assert store.get(ADA, SITE, row.key) is not None


def test_ninety_nine_and_their_site_are_one_call(aws: Installation) -> None:
    Table("core").put({"pk": f"T#{ADA}", "sk": f"SITE#{SITE}", "v": 1})
    on_sites = BrowsersOnSites(place_of_site=place_of_site())
    for number, calls in ((0, 1), (99, 1), (100, 2)):
        with Faults() as heard:
            assert on_sites.named(ADA, SITE, [key(each) for each in range(number)]) == []
        assert heard.calls == ["dynamodb.BatchGetItem"] * calls


def _place(aws: Installation) -> tuple[str, str]:
    (row,) = aws.rows("subs")
    return row["pk"], row["sk"]
