from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.features.subscriptions.wiring import audience
from tests.e2e.sdk.shop import Shop
from tests.e2e.sdk.visitor import Visitor, soon

pytestmark = pytest.mark.e2e

DAY_MS = 86_400_000
FAULTS = "window.faults = []; pushsaas('on', 'error', (fault) => faults.push(fault));"
OTHER_KEY = "BLZK15eCn9q1NAyrxVAUjV0UPTnPLc19pj_XFlXpEM1egReA8k_x2Qe9fkx-LSqwNh8ciLABcGKl5fkJSAZGrFc"
ASKED = "performance.getEntriesByType('resource').map((one) => one.name).filter((name) => name.includes('/v1/sdk/'))"
REGISTRATION = "navigator.serviceWorker.getRegistration('/pushsaas/')"
HELD = f"{REGISTRATION}.then((one) => one.pushManager.getSubscription())"
ENDPOINT = f"{HELD}.then((one) => one.endpoint)"
UNDER = f"{HELD}.then((one) => one && btoa(String.fromCharCode(...new Uint8Array(one.options.applicationServerKey))))"


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
    person = ("identify", "user-1", shop.signature("user-1"))
    shop.says = f"pushsaas(...{json.dumps(person)}); pushsaas('set', {{plan: 'gold', old: null}});"
    shop.says += "pushsaas('tag', 'news'); pushsaas('untag', 'trial');"
    subscriber.visits("/next")
    subscriber.says(*person)
    (known,) = shop.active()
    assert (known["external_id"], known["tags"], known["attributes"]) == ("user-1", ["news"], {"plan": "gold"})
    subscriber.visits("/last")
    subscriber.says(*person)
    assert subscriber.page.evaluate(ASKED) == []


@pytest.mark.parametrize("days", [-1, 400])
def test_after_a_day_the_server_hears_that_the_browser_lives(subscriber: Visitor, shop: Shop, days: int) -> None:
    """Also where the clock was ahead when it was asked last."""
    (before,) = shop.active()
    shop.world.clock.advance(minutes=5)
    subscriber.forgets(checkedAt=subscriber.remembers()["checkedAt"] + days * DAY_MS)
    subscriber.visits("/next")
    soon(lambda: shop.active()[0]["last_seen_at"] > before["last_seen_at"])
    subscriber.visits("/last")
    subscriber.says("status")
    assert subscriber.page.evaluate(ASKED) == []


def test_a_changed_key_is_followed_quietly(subscriber: Visitor, shop: Shop) -> None:
    """As after a rotation: the browser holds a subscription under another key than the site has now."""
    subscriber.says("tag", "loyal")
    (before,) = shop.active()
    holds_one_under(OTHER_KEY, subscriber)
    held = subscriber.page.evaluate(UNDER)
    subscriber.visits("/next")
    soon(lambda: [one["id"] for one in shop.active()] not in ([], [before["id"]]))
    assert subscriber.page.evaluate(UNDER) != held
    (after,) = shop.active()
    assert (after["tags"], after["created_at"]) == (["loyal"], before["created_at"])
    reasons = {one["id"]: one["ended_reason"] for one in shop.subscriptions()}
    assert reasons[before["id"]] == "replaced"


def test_a_page_that_is_brought_back_as_it_was_is_a_visit_too(subscriber: Visitor, shop: Shop) -> None:
    """The event as a browser sends it that kept the page: a headless one keeps none while it is being driven."""
    (before,) = shop.active()
    subscriber.page.evaluate("caches.delete('stand-in-push-service')")
    subscriber.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    soon(lambda: [one["id"] for one in shop.active()] not in ([], [before["id"]]))


def test_a_renewal_is_no_news_for_the_page(subscriber: Visitor, shop: Shop) -> None:
    (before,) = shop.active()
    subscriber.page.evaluate("caches.delete('stand-in-push-service')")
    shop.says = "for (const name of ['subscribed', 'unsubscribed']) pushsaas('on', name, () => log.push(name));"
    subscriber.visits("/next")
    assert subscriber.says("tag", "again")["subscription_id"] != before["id"]
    assert subscriber.page.evaluate("log") == []
    subscriber.says("unsubscribe")
    subscriber.clicks("#bell")
    subscriber.says("subscribe", {"prompt": False})
    assert subscriber.page.evaluate("log") == ["unsubscribed", "subscribed"]


def test_one_under_a_key_that_is_none_of_the_sites_is_made_anew_quietly(subscriber: Visitor, shop: Shop) -> None:
    """As where another provider's key was remembered: browser and memory agree, and both are wrong."""
    (before,) = shop.active()
    holds_one_under(OTHER_KEY, subscriber)
    subscriber.forgets(key=OTHER_KEY)
    subscriber.page.evaluate(FAULTS)
    assert subscriber.says("tag", "loyal")["state"] == "subscribed"
    (after,) = shop.active()
    assert (after["tags"], after["id"] != before["id"]) == (["loyal"], True)
    assert subscriber.page.evaluate(UNDER) == subscriber.page.evaluate(spelled(shop.site.vapid_public_key))
    assert subscriber.remembers()["key"] == shop.site.vapid_public_key
    assert subscriber.page.evaluate("faults") == []
    expected(subscriber, "409")


def test_a_subscription_that_the_browser_lost_is_made_again(subscriber: Visitor, shop: Shop) -> None:
    (before,) = shop.active()
    subscriber.page.evaluate("navigator.serviceWorker.getRegistration('/pushsaas/').then((one) => one.unregister())")
    subscriber.page.evaluate("caches.delete('stand-in-push-service')")
    subscriber.visits("/next")
    soon(lambda: [one["id"] for one in shop.active()] not in ([], [before["id"]]))


def test_one_that_a_push_service_gave_up_is_replaced(subscriber: Visitor, shop: Shop) -> None:
    before = ends("gone", shop)
    subscriber.says("tag", "again")
    (after,) = shop.active()
    assert (after["tags"], after["id"] != before["id"]) == (["again"], True)
    expected(subscriber, "409")


def test_one_that_the_site_gave_up_for_its_silence_goes_on_with_all_it_had(subscriber: Visitor, shop: Shop) -> None:
    subscriber.says("tag", "loyal")
    held = subscriber.page.evaluate(ENDPOINT)
    before = ends("sunset", shop)
    subscriber.forgets(checkedAt=subscriber.remembers()["checkedAt"] - DAY_MS)
    subscriber.visits("/next")
    soon(lambda: len(shop.active()) == 1)
    (after,) = shop.active()
    assert (after["id"], after["tags"]) == (before["id"], ["loyal"])
    assert subscriber.page.evaluate(ENDPOINT) == held
    assert len(shop.subscriptions()) == 1
    expected(subscriber, "409")


def test_one_that_the_server_has_no_use_for_is_made_anew(subscriber: Visitor, shop: Shop) -> None:
    """As in a profile that comes from a backup: it has ended, and the server has heard a later word of it since."""
    subscriber.says("tag", "loyal")
    before = ends("gone", shop)
    subscriber.forgets(endpoint=None, saidAt=subscriber.remembers()["saidAt"] - 1_000)
    shop.says = FAULTS
    subscriber.visits("/next")
    soon(lambda: len(shop.active()) == 1)
    assert shop.active()[0]["id"] != before["id"]
    assert subscriber.says("status") == {"state": "subscribed", "subscription_id": shop.active()[0]["id"]}
    assert subscriber.page.evaluate("faults") == []
    expected(subscriber, "409")


@pytest.mark.parametrize("code", ["subscription_ended", "wrong_vapid_key"])
def test_who_is_refused_again_leaves_it_at_that(subscriber: Visitor, shop: Shop, code: str) -> None:
    subscriber.forgets(endpoint=None)
    shop.refusals.code = code
    shop.says = FAULTS
    subscriber.visits("/next")
    subscriber.page.until("window.faults.length > 0")
    assert subscriber.page.evaluate("faults") == [{"code": code, "detail": "No."}]
    assert shop.refusals.refused == 2
    expected(subscriber, "409")


def test_an_endpoint_that_the_product_does_not_take_is_offered_once_a_day(visitor: Visitor, shop: Shop) -> None:
    foreign = "window.foreign = (one) => one && Object.assign(one, {endpoint: 'https://push.foreign.example/1', "
    foreign += "toJSON: ((told) => () => ({...told, endpoint: 'https://push.foreign.example/1'}))(one.toJSON())});"
    foreign += "for (const name of ['getSubscription', 'subscribe']) { const own = PushManager.prototype[name];"
    foreign += "PushManager.prototype[name] = function (...all) { return own.apply(this, all).then(foreign); }; }"
    visitor._scripts.append(visitor.page.ask("Page.addScriptToEvaluateOnNewDocument", source=foreign)["identifier"])
    posts = f"{ASKED}.filter((name) => name.endsWith('/subscriptions')).length"
    visitor.visits()
    assert visitor.subscribes()["state"] == "joining"
    offered = [visitor.page.evaluate(posts)]
    for age in (0, DAY_MS, 0):
        visitor.forgets(checkedAt=visitor.remembers()["checkedAt"] - age)
        visitor.visits(f"/after-{age}")
        visitor.says("tag", f"{age}")
        offered.append(visitor.page.evaluate(posts))
    assert offered == [1, 0, 1, 0]
    assert shop.subscriptions() == []
    visitor.page.complaints.clear()


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
    with subscriber.page.another_tab() as tab:
        second = Visitor(tab, shop)
        second.answers("granted")
        second.visits("/other")
        for one, names in ((subscriber, "abc"), (second, "def")):
            said = f"Promise.all([...'{names}'].map((name) => pushsaas('tag', name)))"
            one.page.evaluate(f"void {said}.then(() => window.isDone = true)")
        for one in (subscriber, second):
            one.page.until("window.isDone === true")
    (known,) = shop.active()
    assert sorted(known["tags"]) == list("abcdef")


def test_the_browser_itself_drops_a_subscription_and_the_worker_makes_another(subscriber: Visitor, shop: Shop) -> None:
    (before,) = shop.active()
    subscriber.page.evaluate("caches.delete('stand-in-push-service')")
    subscriber.worker("pushsubscriptionchange")
    (after,) = shop.active()
    assert after["id"] != before["id"]
    assert subscriber.remembers()["id"] == after["id"]
    ended = {one["id"]: one["ended_reason"] for one in shop.subscriptions()}
    assert ended[before["id"]] == "replaced"


def test_the_worker_brings_nobody_back_whom_the_owner_removed(subscriber: Visitor, shop: Shop) -> None:
    (before,) = shop.active()
    path = f"/v1/sites/{shop.site.id}/subscriptions/{before['id']}"
    assert shop.world.client.delete(path, as_=shop.world.ada).status == 204
    subscriber.page.evaluate("caches.delete('stand-in-push-service')")
    subscriber.worker("pushsubscriptionchange")
    assert shop.active() == []
    subscriber.visits("/next")
    assert subscriber.says("tag", "again") == {"state": "open"}
    assert (shop.active(), subscriber.page.evaluate(UNDER)) == ([], None)
    expected(subscriber, "409")


def test_what_the_worker_could_not_tell_it_tells_when_the_browser_is_back(subscriber: Visitor, shop: Shop) -> None:
    (before,) = shop.active()
    base = subscriber.remembers()["base"]
    subscriber.forgets(base="http://127.0.0.1:9")
    subscriber.page.evaluate("caches.delete('stand-in-push-service')")
    subscriber.worker("pushsubscriptionchange")
    assert subscriber.page.evaluate(f"{REGISTRATION}.then((one) => one.sync.getTags())") == ["pushsaas"]
    assert shop.active() == [before]
    subscriber.forgets(base=base)
    subscriber.worker("sync", tag="pushsaas")
    (after,) = shop.active()
    assert after["id"] == subscriber.remembers()["id"] != before["id"]


def ends(reason: str, shop: Shop) -> dict[str, Any]:
    """As the product does it without a word of the visitor; how it was before."""
    (before,) = shop.active()
    whose, key = (shop.site.tenant_id, shop.site.id), bytes.fromhex(before["id"].removeprefix("sub_"))
    (row,) = audience().pick(*whose, [key])
    assert audience().bury(*whose, key=key, active_since=row.active_since, reason=reason, at=shop.world.clock.now())
    return before


def holds_one_under(key: str, subscriber: Visitor) -> None:
    """In place of its own."""
    subscriber.page.evaluate(
        "navigator.serviceWorker.getRegistration('/pushsaas/').then(async ({pushManager}) => {"
        "await (await pushManager.getSubscription()).unsubscribe();"
        f"await pushManager.subscribe({{userVisibleOnly: true, applicationServerKey: {key!r}}}); }})"
    )


def spelled(key: str) -> str:
    """As `UNDER` says it."""
    return f"{key!r}.replace(/-/g, '+').replace(/_/g, '/') + '='"


def expected(visitor: Visitor, status: str) -> None:
    """The browser's console tells of every refusal; this one was asked for."""
    visitor.page.complaints[:] = [one for one in visitor.page.complaints if status not in one]
