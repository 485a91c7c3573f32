"""The shop that `make run` opens, as a newcomer finds it; with the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.browsers.person import Person
from tests.e2e.browsers.scene import Equipment, Scene, Site
from tests.fakes.outsider import patiently

pytestmark = pytest.mark.e2e

MOST_TABS = 30
FOCUSED = "((one) => one?.shadowRoot?.activeElement ?? one)(document.activeElement)"


@pytest.fixture
def newcomer(equipment: Equipment, scene: Scene) -> Iterator[Person]:
    one = Person(equipment.browser, equipment.service, equipment.desktop, origin=scene.product.shop_url)
    yield one
    one.says("unsubscribe")
    one.leaves()


@pytest.fixture
def demo_site(scene: Scene) -> Site:
    return scene.demo_site()


def tab_to(person: Person, selector: str) -> None:
    for _ in range(MOST_TABS):
        person.browser.press("Tab")
        if person.browser.evaluate(f"{FOCUSED}.matches({selector!r})"):
            return
    raise AssertionError(f"{selector} is not reached by the keyboard")


@pytest.mark.parametrize("program", ["chromium"], indirect=True)
def test_a_newcomer_subscribes_and_chooses_without_a_mouse(newcomer: Person, demo_site: Site) -> None:
    """Not in Firefox: after a key that moved the focus, its remote control's next one activates nothing."""
    newcomer.visits()
    newcomer.until("document.querySelector('#keep-posted').checkVisibility()")
    tab_to(newcomer, "#keep-posted")
    newcomer.browser.press("Enter")
    newcomer.is_asked()
    tab_to(newcomer, "[part=allow]")
    newcomer.browser.press("Enter")
    newcomer.until("document.querySelector('#bell').dataset.state === 'subscribed'")
    tab_to(newcomer, "#bell")
    newcomer.browser.press("Enter")
    tab_to(newcomer, "[name=pots]")
    newcomer.browser.press(" ")
    patiently(lambda: [one["tags"] for one in demo_site.active()] == [["pots"]], "the tag")
    newcomer.browser.press("Escape")
    newcomer.until("!document.querySelector('#notices').open")
    demo_site.send(title="The kiln is open", url=f"{newcomer.origin}/pots")
    newcomer.desktop.click(newcomer.sees("The kiln is open"))
    newcomer.lands_at("/pots")


def test_what_is_ticked_is_what_the_product_knows_after_off_and_on(newcomer: Person, demo_site: Site) -> None:
    newcomer.visits()
    newcomer.browser.evaluate("localStorage.clear()")
    newcomer.clicks("#bell")
    newcomer.clicks("#notices-switch")
    newcomer.until("document.querySelector('#bell').dataset.state === 'subscribed'")
    newcomer.clicks("[name=plants]")
    patiently(lambda: [one["tags"] for one in demo_site.active()] == [["plants"]], "the tag")
    newcomer.visits("/pots")
    newcomer.until("document.querySelector('#bell').dataset.state === 'subscribed'")
    newcomer.clicks("#bell")
    newcomer.clicks("#notices-switch")
    newcomer.until("document.querySelector('#bell').dataset.state === 'declined'")
    newcomer.clicks("#notices-switch")
    patiently(lambda: [one["tags"] for one in demo_site.active()] == [["plants"]], "the tag again")
    assert newcomer.browser.evaluate("document.querySelector('[name=plants]').checked")
