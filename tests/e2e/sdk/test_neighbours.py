"""A shop that is a PWA already: its worker stays what and where it is, whoever came first."""

from __future__ import annotations

import pytest

from tests.e2e.sdk.shop import Shop
from tests.e2e.sdk.visitor import Visitor

pytestmark = pytest.mark.e2e

WORKERS = (
    "navigator.serviceWorker.getRegistrations().then((all) => Object.fromEntries(all.map((one) => "
    "[new URL(one.scope).pathname, new URL((one.active ?? one.waiting ?? one.installing).scriptURL).pathname])))"
)
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
    assert visitor.page.evaluate("log") == ["foreign_worker"]
