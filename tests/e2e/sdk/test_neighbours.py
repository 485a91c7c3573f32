"""A shop that is a PWA already: its worker stays what and where it is, whoever came first."""

from __future__ import annotations

import pytest

from chalicelib.features.sites.model import Site
from chalicelib.features.sites.wiring import sites
from tests.e2e.sdk.shop import Shop
from tests.e2e.sdk.visitor import Visitor

pytestmark = pytest.mark.e2e

WORKERS = (
    "navigator.serviceWorker.getRegistrations().then((all) => Object.fromEntries(all.map((one) => "
    "[new URL(one.scope).pathname, new URL((one.active ?? one.waiting ?? one.installing).scriptURL).pathname])))"
)
SCRIPT = "navigator.serviceWorker.getRegistrations().then((all) => all.map(({active}) => active.scriptURL))"
PWA = "navigator.serviceWorker.register(trustedTypes.createPolicy('pushsaas', {createScriptURL: (one) => one})"
PWA += ".createScriptURL('/sw.js')).then(() => navigator.serviceWorker.ready).then(() => true)"


@pytest.mark.parametrize("comes_first", [True, False])
def test_the_worker_of_a_pwa_stays(visitor: Visitor, comes_first: bool) -> None:
    visitor.visits()
    if comes_first:
        visitor.page.evaluate(PWA)
        visitor.visits("/again")
    assert visitor.subscribes()["state"] == "subscribed"
    if not comes_first:
        visitor.visits("/again")
        visitor.page.evaluate(PWA)
    assert visitor.page.evaluate(WORKERS) == {"/": "/sw.js", "/pushsaas/": "/pushsaas-worker.js"}
    visitor.visits("/last")
    assert visitor.page.evaluate("navigator.serviceWorker.controller.scriptURL").endswith("/sw.js")
    (shown,) = visitor.receives({"title": "Hello"})
    assert shown["title"] == "Hello"


def test_a_scope_that_is_taken_is_not_taken_over(visitor: Visitor, shop: Shop) -> None:
    visitor.visits()
    visitor.page.evaluate(PWA)
    shop.attributes, shop.says = 'data-scope="/"', "pushsaas('on', 'error', ({code}) => log.push(code));"
    visitor.visits("/again")
    assert visitor.subscribes()["state"] == "joining"
    assert visitor.page.evaluate("log") == ["scope_taken"]
    assert visitor.page.evaluate(WORKERS) == {"/": "/sw.js"}


def test_two_sites_of_one_origin_do_not_fight_over_one_scope(visitor: Visitor, shop: Shop) -> None:
    visitor.visits()
    visitor.subscribes()
    first, (before,) = shop.site, shop.active()
    second = opens_another(shop)
    for turn in range(2):
        shop.site = second
        visitor.visits(f"/blog-{turn}")
        visitor.clicks("#bell")
        assert visitor.says("subscribe", {"prompt": False})["state"] == "joining"
        assert set(visitor.page.evaluate("log")) == {"scope_taken"}
        assert visitor.says("unsubscribe")["state"] == "declined"
        shop.site = first
        visitor.visits(f"/shop-{turn}")
        assert visitor.says("tag", f"shop-{turn}") == {"state": "subscribed", "subscription_id": before["id"]}
        assert visitor.page.evaluate("log") == []
    assert [one["id"] for one in shop.subscriptions()] == [before["id"]]
    assert shop.active()[0]["tags"] == ["shop-0", "shop-1"]


def test_two_sites_of_one_origin_live_side_by_side_in_scopes_of_their_own(visitor: Visitor, shop: Shop) -> None:
    visitor.visits()
    visitor.subscribes()
    first, (before,) = shop.site, shop.active()
    shop.site, shop.attributes = opens_another(shop), 'data-scope="/pushsaas-blog/"'
    visitor.visits("/blog")
    visitor.clicks("#bell")
    assert visitor.says("subscribe", {"prompt": False})["state"] == "subscribed"
    assert len(shop.active()) == 1
    shop.site, shop.attributes = first, ""
    visitor.visits("/shop")
    assert visitor.says("tag", "a") == {"state": "subscribed", "subscription_id": before["id"]}
    assert visitor.page.evaluate("log") == []


def test_the_worker_serves_the_site_that_is_subscribed_now(visitor: Visitor, shop: Shop) -> None:
    """Not the one that was before it in the same scope."""
    first, second = sorted((shop.site, opens_another(shop)), key=lambda site: site.site_key)
    shop.site = first
    visitor.visits()
    visitor.subscribes()
    visitor.says("unsubscribe")
    shop.site = second
    visitor.visits("/blog")
    visitor.clicks("#bell")
    assert visitor.says("subscribe", {"prompt": False})["state"] == "subscribed"
    (before,) = shop.active()
    visitor.page.evaluate("caches.delete('stand-in-push-service')")
    visitor.worker("pushsubscriptionchange")
    (after,) = shop.active()
    assert after["id"] == visitor.remembers()["id"] != before["id"]


def test_what_another_product_holds_is_not_ended_by_ours(visitor: Visitor, shop: Shop) -> None:
    visitor.answers("granted")
    visitor.visits()
    visitor.page.evaluate(PWA)
    held = "navigator.serviceWorker.ready.then(({pushManager}) => pushManager.getSubscription()).then((one) => one?.endpoint)"
    visitor.page.evaluate(
        "navigator.serviceWorker.ready.then(({pushManager}) => pushManager.subscribe("
        f"{{userVisibleOnly: true, applicationServerKey: {shop.site.vapid_public_key!r}}})).then(() => true)"
    )
    theirs = visitor.page.evaluate(held)
    shop.attributes, shop.says = 'data-scope="/"', "pushsaas('on', 'error', () => {});"
    visitor.visits("/again")
    visitor.clicks("#bell")
    assert visitor.says("subscribe", {"prompt": False})["state"] == "joining"
    assert visitor.says("unsubscribe")["state"] == "declined"
    assert visitor.page.evaluate(held) == theirs


def opens_another(shop: Shop) -> Site:
    shop.says = "pushsaas('on', 'error', ({code}) => log.push(code));"
    ada = shop.world.ada.tenant_id
    return sites().create(tenant_id=ada, name="Blog", url=shop.origin, now=shop.world.clock.now())


@pytest.mark.parametrize("name", ["/pushsaas-worker.js?v=2", "/another-worker.js"])
def test_a_worker_whose_file_is_renamed_keeps_its_subscription(visitor: Visitor, shop: Shop, name: str) -> None:
    visitor.visits()
    subscribed = visitor.subscribes()
    shop.attributes, shop.says = f'data-worker="{name}"', "pushsaas('on', 'error', ({code}) => log.push(code));"
    visitor.visits("/again")
    assert visitor.says("tag", "a") == subscribed
    visitor.page.until(SCRIPT + f".then((all) => all.join() === {shop.origin + name!r})")
    visitor.visits("/last")
    assert visitor.says("tag", "b") == subscribed
    assert visitor.page.evaluate("log") == []
    assert shop.active()[0]["tags"] == ["a", "b"]


def test_a_worker_that_imports_ours_is_used_as_it_is(visitor: Visitor, shop: Shop) -> None:
    shop.attributes = 'data-scope="/" data-worker="/my-worker.js"'
    visitor.visits()
    visitor.page.evaluate(PWA.replace("/sw.js", "/my-worker.js"))
    visitor.visits("/again")
    assert visitor.subscribes()["state"] == "subscribed"
    assert visitor.page.evaluate(WORKERS) == {"/": "/my-worker.js"}


def test_a_worker_of_another_origin_is_refused(visitor: Visitor, shop: Shop) -> None:
    shop.attributes = f'data-worker="{shop.gateway.url}/sdk/v1/worker.js"'
    shop.says = "pushsaas('on', 'error', ({code}) => log.push(code));"
    visitor.visits()
    visitor.subscribes()
    assert visitor.page.evaluate("log") == ["worker_failed"]
