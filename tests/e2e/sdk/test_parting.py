"""How a browser leaves for good: erased, with the product away, or with nothing remembered of it."""

from __future__ import annotations

import json

import pytest

from tests.e2e.sdk.shop import Shop
from tests.e2e.sdk.test_healing import ASKED, DAY_MS, FAULTS, OTHER_KEY, UNDER, expected, holds_one_under
from tests.e2e.sdk.visitor import Visitor, soon

pytestmark = pytest.mark.e2e

FORGOTTEN = "new Promise((done) => { indexedDB.deleteDatabase('pushsaas').onsuccess = () => done(true); })"


def test_what_the_browser_holds_though_nothing_is_remembered_is_taken_up_again(subscriber: Visitor, shop: Shop) -> None:
    (before,) = shop.active()
    subscriber.page.evaluate(FORGOTTEN)
    subscriber.visits("/next")
    assert subscriber.says("tag", "again") == {"state": "subscribed", "subscription_id": before["id"]}
    (after,) = shop.active()
    assert (after["id"], after["tags"], after["consent"]) == (before["id"], ["again"], before["consent"])


def test_what_the_browser_holds_under_another_key_is_left_alone(subscriber: Visitor, shop: Shop) -> None:
    holds_one_under(OTHER_KEY, subscriber)
    held = subscriber.page.evaluate(UNDER)
    subscriber.page.evaluate(FORGOTTEN)
    subscriber.visits("/next")
    assert subscriber.says("tag", "again") == {"state": "open"}
    assert subscriber.page.evaluate(UNDER) == held


@pytest.mark.parametrize("is_offline", [False, True])
def test_who_unsubscribes_though_nothing_is_remembered_is_gone(
    subscriber: Visitor, shop: Shop, is_offline: bool
) -> None:
    """As at a logout: without the product at least the browser knows."""
    subscriber.page.evaluate(FORGOTTEN)
    subscriber.page.ask("Network.setBlockedURLs", urls=["*/v1/sdk/*"] if is_offline else [])
    assert subscriber.says("unsubscribe") == {"state": "open" if is_offline else "declined"}
    assert subscriber.page.evaluate(UNDER) is None
    assert [one["status"] for one in shop.subscriptions()] == ["active" if is_offline else "ended"]
    subscriber.page.ask("Network.setBlockedURLs", urls=[])
    subscriber.page.complaints.clear()


@pytest.mark.parametrize("moved", [False, True])
def test_one_that_was_erased_stays_away_until_a_new_yes(subscriber: Visitor, shop: Shop, moved: bool) -> None:
    """Also where the browser has another endpoint since."""
    subscriber.says("identify", "user-1", shop.signature("user-1"))
    subscriber.says("tag", "cardiology")
    erases("user-1", shop)
    shop.says = f"{FAULTS} pushsaas('identify', 'user-1', '{shop.signature('user-1')}');"
    if moved:
        holds_one_under(OTHER_KEY, subscriber)
    subscriber.forgets(checkedAt=subscriber.remembers()["checkedAt"] - DAY_MS)
    for page in ("/next", "/last"):
        subscriber.visits(page)
        assert subscriber.says("set", {"illness": "x"}) == {"state": "open"}
    assert (shop.subscriptions(), subscriber.page.evaluate(UNDER), subscriber.page.evaluate("faults")) == ([], None, [])
    kept = json.dumps(subscriber.remembers())
    assert not any(word in kept for word in ("user-1", "cardiology", "token", "endpoint"))
    subscriber.clicks("#bell")
    assert subscriber.says("subscribe", {"prompt": False})["state"] == "subscribed"
    assert shop.active()[0]["tags"] == []
    expected(subscriber, "404")


def test_an_answer_that_is_none_of_the_products_erases_nothing(subscriber: Visitor, shop: Shop) -> None:
    """As of a proxy that has lost its way."""
    (before,) = shop.active()
    subscriber.forgets(base=f"{shop.gateway.url}/elsewhere")
    shop.attributes = f'data-api="{shop.gateway.url}/elsewhere"'
    subscriber.visits("/next")
    assert subscriber.says("tag", "loyal")["state"] == "subscribed"
    shop.attributes = ""
    subscriber.visits("/last")
    assert subscriber.says("set", {})["subscription_id"] == before["id"]
    assert shop.active()[0]["tags"] == ["loyal"]
    subscriber.page.complaints.clear()


def test_a_no_that_could_not_be_told_is_told_on_the_next_visit(subscriber: Visitor, shop: Shop) -> None:
    subscriber.page.ask("Network.setBlockedURLs", urls=["*/subscriptions/*"])
    assert subscriber.says("unsubscribe") == {"state": "declined"}
    assert (subscriber.page.evaluate(UNDER), len(shop.active())) == (None, 1)
    subscriber.visits("/next")
    assert subscriber.says("tag", "x") == {"state": "declined"}
    subscriber.page.ask("Network.setBlockedURLs", urls=[])
    subscriber.visits("/last")
    soon(lambda: [one["ended_reason"] for one in shop.subscriptions()] == ["unsubscribed"])
    assert subscriber.says("untag", "x") == {"state": "declined"}
    assert not any(
        word in json.dumps(subscriber.remembers()) for word in ("token", "endpoint", shop.subscriptions()[0]["id"])
    )
    subscriber.visits("/again")
    assert subscriber.says("tag", "x") == {"state": "declined"}
    assert subscriber.page.evaluate(ASKED) == []
    subscriber.page.complaints.clear()


def test_a_no_outlives_a_page_that_closes_while_a_slow_product_keeps_it_waiting(
    subscriber: Visitor, shop: Shop
) -> None:
    slow = "const fast = fetch; window.fetch = (...all) => location.pathname === '/slow' ? new Promise(() => {}) : fast(...all);"
    subscriber._scripts.append(subscriber.page.ask("Page.addScriptToEvaluateOnNewDocument", source=slow)["identifier"])
    subscriber.forgets(checkedAt=subscriber.remembers()["checkedAt"] - DAY_MS)
    subscriber.visits("/slow")
    subscriber.page.until("navigator.locks.query().then(({held}) => held.length === 1)")
    subscriber.begins("unsubscribe")
    subscriber.page.until("pushsaas('status').then(({state}) => state === 'declined')")
    subscriber.visits("/next")
    soon(lambda: [one["ended_reason"] for one in shop.subscriptions()] == ["unsubscribed"])
    assert subscriber.says("tag", "x") == {"state": "declined"}
    assert subscriber.page.evaluate(UNDER) is None


def test_who_comes_back_before_the_no_was_told_is_one_browser(subscriber: Visitor, shop: Shop) -> None:
    (before,) = shop.active()
    subscriber.page.ask("Network.setBlockedURLs", urls=["*/subscriptions/*"])
    assert subscriber.says("unsubscribe") == {"state": "declined"}
    subscriber.page.ask("Network.setBlockedURLs", urls=[])
    subscriber.clicks("#bell")
    assert subscriber.says("subscribe", {"prompt": False})["state"] == "subscribed"
    assert [one["id"] for one in shop.active()] == [subscriber.remembers()["id"]] != [before["id"]]
    subscriber.page.complaints.clear()


def test_a_page_that_closes_while_it_unsubscribes_has_done_so(subscriber: Visitor, shop: Shop) -> None:
    subscriber.forgets(isJoined=False, endpoint=None)
    subscriber.visits("/next")
    soon(lambda: shop.active() == [])
    assert subscriber.says("tag", "x") == {"state": "open"}
    assert subscriber.page.evaluate(UNDER) is None


def erases(external_id: str, shop: Shop, *, leaves: int = 0) -> None:
    asked = shop.world.client.post("/v1/privacy/erase", as_=shop.world.ada, json={"external_id": external_id})
    assert asked.status == 202
    for _ in range(5):
        shop.world.lambdas.work("privacy")
        shop.world.clock.advance(seconds=20)
    assert len(shop.subscriptions()) == leaves
