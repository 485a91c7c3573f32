"""Who has left, or was made to go, while browser and server knew different things of each other."""

from __future__ import annotations

import pytest

from tests.e2e.sdk.shop import Shop
from tests.e2e.sdk.test_healing import DAY_MS, FAULTS, REGISTRATION, UNDER, expected
from tests.e2e.sdk.test_parting import FORGOTTEN, erases
from tests.e2e.sdk.visitor import Visitor, soon

pytestmark = pytest.mark.e2e

LOST_ENDPOINT = "caches.delete('stand-in-push-service')"
EARLIER_ID = ("id", "token", "endpoint")
WAITING = """const fast = fetch; window.fetch = async (...all) => {
  if (location.pathname === '/slow' && !window.isFast) await new Promise((done) => window.goOn = done);
  return fast(...all); };"""
UNANSWERED = """const fast = fetch; window.fetch = async (...all) => {
  const answer = await fast(...all);
  return location.pathname === '/slow' && all[0].endsWith('/subscriptions') ? new Promise(() => {}) : answer; };"""


@pytest.mark.parametrize("is_erased", [False, True])
def test_who_was_made_to_go_is_not_taken_up_again_though_nothing_is_remembered(
    subscriber: Visitor, shop: Shop, is_erased: bool
) -> None:
    """As where an account is closed: the site has its data erased, and deletes its databases."""
    subscriber.says("identify", "user-1", shop.signature("user-1"))
    erases("user-1", shop) if is_erased else removes(shop)
    subscriber.page.evaluate(FORGOTTEN)
    shop.says = FAULTS
    for page in ("/next", "/last"):
        subscriber.visits(page)
        assert subscriber.says("tag", "x") == {"state": "open"}
    assert (shop.active(), subscriber.page.evaluate(UNDER), subscriber.page.evaluate("faults")) == ([], None, [])
    expected(subscriber, "409")


def test_nor_is_one_whose_proof_is_lost_as_well(subscriber: Visitor, shop: Shop) -> None:
    removes(shop)
    subscriber.forgets(token="lost")
    assert subscriber.says("tag", "again") == {"state": "open"}
    assert (shop.active(), subscriber.page.evaluate(UNDER)) == ([], None)
    expected(subscriber, "401")
    expected(subscriber, "409")


def test_nor_one_that_was_erased_under_an_id_it_never_heard_of(subscriber: Visitor, shop: Shop) -> None:
    subscriber.says("identify", "user-1", shop.signature("user-1"))
    earlier = renews(subscriber)
    erases("user-1", shop, leaves=1)
    subscriber.forgets(**earlier)
    subscriber.visits("/last")
    assert subscriber.says("tag", "x") == {"state": "open"}
    assert (shop.active(), subscriber.page.evaluate(UNDER)) == ([], None)
    expected(subscriber, "409")


def test_the_worker_leaves_one_that_was_erased_to_the_next_visit(subscriber: Visitor, shop: Shop) -> None:
    subscriber.says("identify", "user-1", shop.signature("user-1"))
    erases("user-1", shop)
    subscriber.page.evaluate(LOST_ENDPOINT)
    subscriber.worker("pushsubscriptionchange")
    assert subscriber.page.evaluate(f"{REGISTRATION}.then((one) => one.sync.getTags())") == []
    subscriber.visits("/next")
    assert subscriber.says("tag", "x") == {"state": "open"}
    assert (shop.active(), subscriber.page.evaluate(UNDER)) == ([], None)
    expected(subscriber, "404")


def test_a_new_yes_counts_though_the_no_before_an_erasure_was_never_told(subscriber: Visitor, shop: Shop) -> None:
    subscriber.says("identify", "user-1", shop.signature("user-1"))
    subscriber.page.ask("Network.setBlockedURLs", urls=["*/subscriptions/*"])
    assert subscriber.says("unsubscribe") == {"state": "declined"}
    erases("user-1", shop)
    subscriber.page.ask("Network.setBlockedURLs", urls=[])
    subscriber.clicks("#bell")
    assert subscriber.says("subscribe", {"prompt": False})["state"] == "subscribed"
    assert [one["id"] for one in shop.active()] == [subscriber.remembers()["id"]]
    subscriber.page.complaints.clear()


def test_a_no_outlives_the_answer_that_another_tab_waits_for(subscriber: Visitor, shop: Shop) -> None:
    with subscriber.page.another_tab() as tab:
        second = Visitor(tab, shop)
        second.has(WAITING)
        second.answers("granted")
        subscriber.forgets(checkedAt=subscriber.remembers()["checkedAt"] - DAY_MS)
        second.visits("/slow")
        second.page.until("window.goOn !== undefined")
        subscriber.begins("unsubscribe")
        subscriber.page.until("pushsaas('status').then(({state}) => state === 'declined')")
        subscriber.page.visit("about:blank")
        second.page.evaluate("(window.isFast = true, window.goOn())")
        second.page.until("navigator.locks.query().then(({held}) => held.length === 0)")
    subscriber.page.complaints.clear()
    subscriber.visits("/next")
    assert subscriber.says("tag", "x") == {"state": "declined"}
    assert (shop.active(), subscriber.page.evaluate(UNDER)) == ([], None)


def test_a_no_that_is_said_before_the_yes_was_answered_holds(visitor: Visitor, shop: Shop) -> None:
    """And the page is closed: the server alone knows the id."""
    visitor.has(UNANSWERED)
    visitor.answers("granted")
    visitor.visits("/slow")
    visitor.clicks("#bell")
    visitor.begins("subscribe", {"prompt": False})
    soon(lambda: len(shop.active()) == 1)
    visitor.begins("unsubscribe")
    visitor.page.until("pushsaas('status').then(({state}) => state === 'declined')")
    visitor.visits("/next")
    assert visitor.says("tag", "x") == {"state": "declined"}
    assert visitor.page.evaluate(UNDER) is None


def removes(shop: Shop) -> None:
    (one,) = shop.active()
    path = f"/v1/sites/{shop.site.id}/subscriptions/{one['id']}"
    assert shop.world.client.delete(path, as_=shop.world.ada).status == 204


def renews(subscriber: Visitor) -> dict[str, object]:
    """The browser gets another endpoint, and so another id; what was remembered before."""
    before = subscriber.remembers()
    subscriber.page.evaluate(LOST_ENDPOINT)
    subscriber.visits("/next")
    subscriber.says("set", {})
    assert subscriber.remembers()["id"] != before["id"]
    return {name: before.get(name) for name in EARLIER_ID}
