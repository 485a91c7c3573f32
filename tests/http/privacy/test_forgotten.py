"""An erasure reaches what a browser had before, and finds nothing of whoever has signed out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.shop import ORIGIN, Shop

WORDS = {"tags": ["canary-tag"], "attributes": {"mail": "canary@example.com"}, "timezone": "Pacific/Chatham"}


def ask_as_page(shop: Shop, method: str, path: str = "", *, expect: int, token: str = "", **words: Any) -> Any:
    headers = {"Origin": ORIGIN, "X-Subscription-Token": token}
    path = f"/v1/sdk/{shop.site['site_key']}/subscriptions{path}"
    return shop.ask(method, path, expect=expect, as_=None, headers=headers, json=words)


def erase(shop: Shop, **somebody: str) -> None:
    shop.ask("POST", "/v1/privacy/erase", json=somebody, expect=202)
    for _ in range(3):
        shop.settle()
        shop.world.clock.advance(seconds=10)


def found(shop: Shop) -> list[str]:
    rows = [str(row) for row in shop.world.aws.rows("subs")]
    return [word for word in ("canary-tag", "canary@example.com", "Chatham") if any(word in row for row in rows)]


@pytest.mark.parametrize("by", ["subscription_id", "external_id"])
def test_an_erasure_reaches_the_endpoint_that_the_browser_had_before(shop: Shop, by: str) -> None:
    """Of whose visitor it was not yet known who they are."""
    old = shop.subscribe(**WORDS)
    new = shop.subscribe(previous_endpoint=old["endpoint"])
    shop.ask("PATCH", f"{shop.audience}/{new['subscription_id']}", json={"external_id": "ada"})
    assert found(shop) == ["canary-tag", "canary@example.com", "Chatham"]
    erase(shop, **{by: new["subscription_id"] if by == "subscription_id" else "ada"})
    assert found(shop) == []
    assert old["endpoint"] not in str(shop.world.aws.rows("subs"))
    browser = {"endpoint": old["endpoint"], "keys": old["keys"]}
    back = ask_as_page(shop, "POST", expect=200, subscription=browser)
    known = shop.ask("GET", f"{shop.audience}/{back['subscription_id']}")
    assert (known["status"], known["tags"], known["attributes"]) == ("active", [], {})


def test_an_earlier_id_leads_to_all_that_is_kept_of_the_browser(shop: Shop) -> None:
    """A site keeps the id that it heard of first."""
    old = shop.subscribe(**WORDS)
    shop.subscribe(previous_endpoint=old["endpoint"])
    about = {"subscription_id": old["subscription_id"]}
    job = shop.ask("POST", "/v1/privacy/export", json=about, expect=202)
    told = shop.ask("GET", f"/v1/privacy/jobs/{job['id']}")["subscriptions"]
    assert [(each["ended_reason"], each["tags"]) for each in told] == [("replaced", []), (None, ["canary-tag"])]
    erase(shop, **about)
    assert shop.world.aws.rows("subs") == []


def test_a_browser_does_not_bring_back_who_was_erased(shop: Shop) -> None:
    """Neither by what it says every day, nor by subscribing with all it knew, under the same endpoint or the next."""
    made = shop.subscribe(**WORDS)
    path, browser = f"/{made['subscription_id']}", {"endpoint": made["endpoint"], "keys": made["keys"]}
    shop.ask("PATCH", shop.audience + path, json={"external_id": "ada"})
    erase(shop, external_id="ada")
    ask_as_page(shop, "PATCH", path, expect=404, token=made["token"], tags=["canary-tag"])
    ask_as_page(shop, "DELETE", path, expect=404, token=made["token"])
    anew = shop.push_service.subscribe(vapid_public_key=shop.site["vapid_public_key"])
    again = {"subscription": browser, **WORDS}, {"subscription": anew, "previous_endpoint": made["endpoint"], **WORDS}
    for words in again:
        refused = ask_as_page(shop, "POST", expect=409, **words)
        assert (refused["code"], refused["ended_reason"]) == ("subscription_ended", "erased")
    assert shop.world.aws.rows("subs") == []
    dump = shop.world.aws.dump()
    assert made["subscription_id"].removeprefix("sub_") not in str(shop.world.aws.rows("idem"))
    assert made["endpoint"] not in dump
    ask_as_page(shop, "POST", expect=201, subscription=anew)
    shop.world.clock.advance(days=31)
    ask_as_page(shop, "POST", expect=201, subscription=browser)


def test_who_has_signed_out_left_nothing_that_an_erasure_would_not_find(shop: Shop) -> None:
    made = shop.subscribe(tags=["canary-tag"], attributes={"mail": "canary@example.com"})
    path = f"/{made['subscription_id']}"
    shop.ask("PATCH", shop.audience + path, json={"external_id": "ada"})
    ask_as_page(shop, "PATCH", path, expect=204, token=made["token"], external_id=None)
    assert found(shop) == []
    assert shop.ask("GET", shop.audience + path)["status"] == "active"
