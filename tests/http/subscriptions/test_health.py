"""A site's health over HTTP: what a dashboard shows, and to whom."""

from __future__ import annotations

import pytest

from chalicelib.core.identity import Scope
from chalicelib.features.subscriptions.service.health import STEPS
from tests.http.subscriptions.pages import Shop

_NOBODY = "site_01hzy3f5c8k9m2n4p6q8r0s1t2"


def path(shop: Shop) -> str:
    return f"/v1/sites/{shop.id}/health"


def test_it_says_how_many_are_really_reached(shop: Shop, foreign_shop: Shop) -> None:
    key = shop.world.api_key(shop.world.ada, Scope.ANALYTICS_READ)
    for n in range(8):
        shop.subscribed(n)
    foreign_shop.subscribed("theirs")
    shop.world.clock.advance(minutes=60 * 24 * 100)
    shop.subscribed("fresh")
    found = shop.world.client.get(path(shop), as_=key).json()
    assert found["text"] == "You really reach 5 of 9 subscribers."
    assert (found["subscribers"], found["reachable"], found["exact"], found["error_bound"]) == (9, 5, True, 0)
    assert found["score"] == round((8 * 0.45 + 0.99) / 9, 3)
    by_age = {line["within_days"]: (line["subscribers"], line["reachable"]) for line in found["by_age"]}
    assert (by_age[1], by_age[180], by_age[None]) == ((1, 1), (8, 4), (0, 0))
    assert found["by_browser"] == {"chrome": {"subscribers": 9, "reachable": 5}}
    assert found["formula"].endswith("/docs#get_site_health")


def test_the_formula_is_where_the_answer_says(shop: Shop) -> None:
    formula = shop.world.client.get(path(shop), as_=shop.world.ada).json()["formula"]
    _, _, there = shop.world.client.get("/docs").text.partition(f'id="{formula.partition("#")[2]}"')
    told = " ".join(there[:5_000].split())
    for step in STEPS:
        within = "longer ago" if step.days is None else f"within {step.days} day"
        assert f"{step.chance:.2f} {within}" in told


def test_a_site_without_anybody_has_no_score(shop: Shop) -> None:
    found = shop.world.client.get(path(shop), as_=shop.world.ada).json()
    assert (found["text"], found["score"]) == ("You really reach 0 of 0 subscribers.", None)


def test_only_who_may_read_statistics_sees_it(shop: Shop) -> None:
    world = shop.world
    reader, other = world.api_key(world.ada, Scope.ANALYTICS_READ), world.api_key(world.ada, Scope.SITES_READ)
    for who, status in ((None, 401), (reader, 200), (other, 403), (world.ben, 200), (world.cyd, 404)):
        assert world.client.get(path(shop), as_=who).status == status


@pytest.mark.parametrize("site_id", [_NOBODY, "x", "..%2fsite", "sub_" + "0" * 32])
def test_what_is_no_site_is_unknown(shop: Shop, site_id: str) -> None:
    assert shop.world.client.get(f"/v1/sites/{site_id}/health", as_=shop.world.ada).status == 404


def test_it_shows_nobodys_name(shop: Shop) -> None:
    subscription_id, _ = shop.subscribed("canary", tags=["secret"], **shop.signed("user-1"))
    text = shop.world.client.get(path(shop), as_=shop.world.ada).text
    for word in ("canary", "secret", "user-1", subscription_id):
        assert word not in text
