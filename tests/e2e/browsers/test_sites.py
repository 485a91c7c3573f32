"""What sites are like: under a policy, with a worker of their own, with customers who sign in and out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infra.local.console.exchange import Answer, Request
from infra.local.shop.server import ShopServer
from infra.local.shop.shop import Shop
from tests.e2e.browsers.person import Person
from tests.e2e.browsers.scene import Site
from tests.fakes.outsider import patiently

pytestmark = pytest.mark.e2e

Grounds = tuple[ShopServer, Site, Shop]

WORKERS = (
    "navigator.serviceWorker.getRegistrations().then((all) => Object.fromEntries(all.map((one) => "
    "[new URL(one.scope).pathname, new URL((one.active ?? one.waiting ?? one.installing).scriptURL).pathname])))"
)


class Watched:
    """The shop, and what browsers report of its policy."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.reports: list[bytes] = []

    def answer(self, request: Request) -> Answer:
        if request.path == "/reports":
            self.reports.append(request.body)
            return Answer(status=204, headers={}, body=b"")
        answer = self._shop.answer(request)
        policy = answer.headers["Content-Security-Policy"]
        return replace(answer, headers={**answer.headers, "Content-Security-Policy": f"{policy}; report-uri /reports"})


class Pwa:
    """The shop as an app that works offline: a worker of its own over all pages, and no Trusted Types."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def answer(self, request: Request) -> Answer:
        if request.path == "/sw.js":
            script = b"self.addEventListener('fetch', () => {}); self.addEventListener('push', () => {});"
            return Answer(status=200, headers={"Content-Type": "text/javascript"}, body=script)
        answer = self._shop.answer(request)
        policy = answer.headers["Content-Security-Policy"].partition("; require-trusted-types-for")[0]
        return replace(answer, headers={**answer.headers, "Content-Security-Policy": policy})


def test_a_strict_policy_finds_nothing_to_refuse(closed_person: Person, grounds: Grounds) -> None:
    server, site, shop = grounds
    watched = Watched(shop)
    server.open(watched)
    person = closed_person
    person.visits()
    person.subscribes()
    site.send(title="Within the rules", url=f"{person.origin}/tools")
    person.desktop.click(person.sees("Within the rules"))
    person.lands_at("/tools")
    person.visits("/pots")
    assert watched.reports == []
    person.browser.evaluate("document.body.setAttribute('style', 'color: red')")
    person.until("document.body.hasAttribute('style')")
    person.visits("/plants")
    patiently(lambda: len(watched.reports) == 1, "the report")  # it is a policy, and they do report


@pytest.mark.parametrize("comes_first", [True, False])
def test_a_pwa_keeps_its_worker_and_gets_its_pushes(closed_person: Person, grounds: Grounds, comes_first: bool) -> None:
    server, site, shop = grounds
    server.open(Pwa(shop))
    person = closed_person
    person.visits()
    register = "navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready).then(() => true)"
    if comes_first:
        person.browser.evaluate(register)
        person.visits()
    person.subscribes()
    if not comes_first:
        person.browser.evaluate(register)
    assert person.browser.evaluate(WORKERS) == {"/": "/sw.js", "/pushsaas/": "/pushsaas-worker.js"}
    person.visits("/pots")
    assert person.browser.evaluate("navigator.serviceWorker.controller.scriptURL").endswith("/sw.js")
    site.send(title="Beside", url=f"{person.origin}/tools")
    person.desktop.click(person.sees("Beside"))
    person.lands_at("/tools")


def test_two_people_on_one_browser_are_told_apart(person: Person, site: Site) -> None:
    person.signs_in("ann@example.com")
    ann = person.customer()
    person.visits()
    person.subscribes()
    (one,) = site.subscriptions()
    assert one["external_id"] == ann
    person.signs_out()
    (left,) = site.subscriptions()
    assert (left["id"], left["external_id"]) == (one["id"], None)
    person.signs_in("bob@example.com")
    bob = person.customer()
    (taken,) = site.subscriptions()
    assert (taken["id"], taken["external_id"]) == (one["id"], bob)
    assert ann != bob
    outcome = site.outcome(site.send(title="For whoever sits here", url=person.origin))
    assert outcome["audience"] == 1
    person.sees("For whoever sits here")


def test_who_waits_for_an_article_is_remembered_by_its_tag(person: Person, site: Site) -> None:
    person.visits("/plants/fiddle-leaf-fig")
    person.clicks("#wait")
    person.accepts()
    person.until("document.querySelector('#wait-said').textContent.startsWith('We will tell you')")
    (one,) = site.subscriptions()
    assert (one["status"], one["tags"]) == ("active", ["waits-for-fiddle-leaf-fig"])
    site.send(title="The fig is back", url=f"{person.origin}/plants/fiddle-leaf-fig")
    person.sees("The fig is back")


def test_a_basket_is_a_fact_about_its_owner(person: Person, site: Site) -> None:
    person.visits()
    person.subscribes()
    person.visits("/plants/monstera")
    person.clicks("#buy")
    person.clicks("#buy")
    patiently(lambda: [one["attributes"] for one in site.active()] == [{"basket_items": 2}], "the basket")
