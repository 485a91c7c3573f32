from __future__ import annotations

import pytest

from chalicelib.features.subscriptions.wiring import audience
from tests.e2e.sdk.shop import Shop
from tests.e2e.sdk.visitor import Visitor, soon

pytestmark = pytest.mark.e2e

DAY_MS = 86_400_000
ASKED = "performance.getEntriesByType('resource').map((one) => one.name).filter((name) => name.includes('/v1/sdk/'))"
UNDER = (
    "navigator.serviceWorker.getRegistration('/pushsaas/').then((one) => one.pushManager.getSubscription())"
    ".then((one) => one && btoa(String.fromCharCode(...new Uint8Array(one.options.applicationServerKey))))"
)


@pytest.fixture
def subscriber(visitor: Visitor) -> Visitor:
    visitor.visits()
    assert visitor.subscribes()["state"] == "subscribed"
    return visitor


def test_within_a_day_a_visit_asks_for_nothing(subscriber: Visitor) -> None:
    subscriber.visits("/next")
    assert subscriber.says("status")["state"] == "subscribed"
    assert subscriber.page.evaluate(ASKED) == []


def test_of_who_never_said_yes_nothing_is_asked_sent_or_kept(visitor: Visitor, shop: Shop) -> None:
    visitor.visits()
    visitor.says("tag", "looked at shoes")
    visitor.says("identify", "user-1", shop.signature("user-1"))
    assert visitor.says("status") == {"state": "open"}
    assert visitor.says("unsubscribe") == {"state": "open"}
    assert visitor.page.evaluate(ASKED) == []
    assert visitor.page.evaluate("indexedDB.databases()") == []
    assert visitor.page.evaluate("localStorage.length + document.cookie.length") == 0
    assert visitor.page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0


def test_what_is_said_again_is_not_sent_again(subscriber: Visitor, shop: Shop) -> None:
    subscriber.says("identify", "user-1", shop.signature("user-1"))
    shop.says = f"pushsaas('identify', 'user-1', '{shop.signature('user-1')}');"
    subscriber.visits("/next")
    subscriber.says("status")
    assert subscriber.page.evaluate(ASKED) == []


def test_after_a_day_the_server_hears_that_the_browser_lives(subscriber: Visitor, shop: Shop) -> None:
    (before,) = shop.active()
    shop.world.clock.advance(minutes=5)
    subscriber.forgets(checkedAt=subscriber.remembers()["checkedAt"] - DAY_MS)
    subscriber.visits("/next")
    soon(lambda: shop.active()[0]["last_seen_at"] > before["last_seen_at"])
    subscriber.visits("/last")
    subscriber.says("status")
    assert subscriber.page.evaluate(ASKED) == []


def test_a_changed_key_is_followed_quietly(subscriber: Visitor, shop: Shop) -> None:
    """As after a rotation: the browser holds a subscription under another key than the site has now."""
    subscriber.says("tag", "loyal")
    (before,) = shop.active()
    old_key = "BLZK15eCn9q1NAyrxVAUjV0UPTnPLc19pj_XFlXpEM1egReA8k_x2Qe9fkx-LSqwNh8ciLABcGKl5fkJSAZGrFc"
    subscriber.page.evaluate(
        "navigator.serviceWorker.getRegistration('/pushsaas/').then(async ({pushManager}) => {"
        "await (await pushManager.getSubscription()).unsubscribe();"
        f"await pushManager.subscribe({{userVisibleOnly: true, applicationServerKey: {old_key!r}}}); }})"
    )
    held = subscriber.page.evaluate(UNDER)
    subscriber.visits("/next")
    soon(lambda: [one["id"] for one in shop.active()] not in ([], [before["id"]]))
    assert subscriber.page.evaluate(UNDER) != held
    (after,) = shop.active()
    assert (after["tags"], after["created_at"]) == (["loyal"], before["created_at"])
    reasons = {one["id"]: one["ended_reason"] for one in shop.subscriptions()}
    assert reasons[before["id"]] == "replaced"


def test_a_subscription_that_the_browser_lost_is_made_again(subscriber: Visitor, shop: Shop) -> None:
    (before,) = shop.active()
    subscriber.page.evaluate("navigator.serviceWorker.getRegistration('/pushsaas/').then((one) => one.unregister())")
    subscriber.page.evaluate("caches.delete('stand-in-push-service')")
    subscriber.visits("/next")
    soon(lambda: [one["id"] for one in shop.active()] not in ([], [before["id"]]))


def test_one_that_a_push_service_gave_up_is_replaced(subscriber: Visitor, shop: Shop) -> None:
    (before,) = shop.active()
    whose, key = (shop.site.tenant_id, shop.site.id), bytes.fromhex(before["id"].removeprefix("sub_"))
    (row,) = audience().pick(*whose, [key])
    assert audience().bury(*whose, key=key, active_since=row.active_since, reason="gone", at=shop.world.clock.now())
    subscriber.says("tag", "again")
    (after,) = shop.active()
    assert (after["tags"], after["id"] != before["id"]) == (["again"], True)
    expected(subscriber, "409")


def test_one_that_the_owner_removed_stays_away(subscriber: Visitor, shop: Shop) -> None:
    (before,) = shop.active()
    path = f"/v1/sites/{shop.site.id}/subscriptions/{before['id']}"
    assert shop.world.client.delete(path, as_=shop.world.ada).status == 204
    assert subscriber.says("tag", "again")["state"] != "subscribed"
    assert subscriber.page.evaluate(UNDER) is None
    subscriber.visits("/next")
    assert subscriber.says("status")["state"] == "open"
    assert shop.active() == []
    expected(subscriber, "409")


def test_a_forgotten_proof_is_asked_for_again(subscriber: Visitor, shop: Shop) -> None:
    subscriber.forgets(token="lost")
    subscriber.says("tag", "again")
    (known,) = shop.active()
    assert known["tags"] == ["again"]
    assert subscriber.remembers()["token"] != "lost"
    expected(subscriber, "401")


def test_a_permission_taken_back_ends_it_on_the_server_too(subscriber: Visitor, shop: Shop) -> None:
    subscriber.answers("denied")
    subscriber.visits("/next")
    soon(lambda: shop.active() == [])
    assert subscriber.says("status")["state"] == "blocked"


def test_a_yes_that_could_not_be_told_is_told_on_the_next_visit(visitor: Visitor, shop: Shop) -> None:
    visitor.visits()
    visitor.clicks("#bell")
    visitor.begins("subscribe")
    visitor.sees_prompt()
    visitor.page.ask("Network.setBlockedURLs", urls=["*/subscriptions"])
    visitor.clicks_in_prompt("allow")
    visitor.answers("granted")
    visitor.page.until("window.answer?.state === 'joining'")
    visitor.page.ask("Network.setBlockedURLs", urls=[])
    visitor.visits("/next")
    soon(lambda: len(shop.active()) == 1)
    assert shop.active()[0]["consent"]["text"].startswith("Shall we")
    visitor.page.complaints.clear()


def test_what_is_said_offline_arrives_when_the_browser_is_back(subscriber: Visitor, shop: Shop) -> None:
    network = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    subscriber.page.ask("Network.emulateNetworkConditions", offline=True, **network)
    assert subscriber.says("tag", "offline")["state"] == "subscribed"
    assert shop.active()[0]["tags"] == []
    subscriber.page.ask("Network.emulateNetworkConditions", offline=False, **network)
    subscriber.visits("/next")
    soon(lambda: shop.active()[0]["tags"] == ["offline"])
    subscriber.page.complaints.clear()


def test_two_people_on_one_browser_are_told_apart(subscriber: Visitor, shop: Shop) -> None:
    for person in ("ada", "ben", "ada"):
        subscriber.says("identify", person, shop.signature(person))
        subscriber.visits("/next")
        (known,) = shop.active()
        assert known["external_id"] == person
        subscriber.says("identify", None)
        assert shop.active()[0]["external_id"] is None


def test_two_tabs_at_once_are_one_browser(subscriber: Visitor, shop: Shop) -> None:
    subscriber.page.evaluate("Promise.all([...'abcdef'].map((one) => pushsaas('tag', one))).then(() => true)")
    (known,) = shop.active()
    assert known["tags"] == list("abcdef")


def test_the_browser_itself_drops_a_subscription_and_the_worker_makes_another(subscriber: Visitor, shop: Shop) -> None:
    (before,) = shop.active()
    subscriber.page.evaluate("caches.delete('stand-in-push-service')")
    subscriber.worker("pushsubscriptionchange")
    (after,) = shop.active()
    assert after["id"] != before["id"]
    assert subscriber.remembers()["id"] == after["id"]
    ended = {one["id"]: one["ended_reason"] for one in shop.subscriptions()}
    assert ended[before["id"]] == "replaced"


def expected(visitor: Visitor, status: str) -> None:
    """The browser's console tells of every refusal; this one was asked for."""
    visitor.page.complaints[:] = [one for one in visitor.page.complaints if status not in one]
