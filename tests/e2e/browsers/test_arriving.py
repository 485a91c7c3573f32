"""From a campaign to a person's screen and back, with nothing played but the push services' own servers."""

from __future__ import annotations

import pytest

from tests.e2e.browsers.person import Person
from tests.e2e.browsers.scene import Scene, Site
from tests.fakes.outsider import patiently

pytestmark = pytest.mark.e2e

LARGEST_BODY = 2_600 + 103  # what a payload may have, and what its encryption adds


def test_a_campaign_is_shown_and_a_click_opens_its_page(person: Person, site: Site) -> None:
    person.visits()
    person.subscribes()
    campaign = site.send(title="Größe 42 ist zurück 👟", body="日本語", url=f"{person.origin}/pots/speckled-planter")
    shown = person.sees("Größe 42 ist zurück 👟")
    assert person.body(shown) == "日本語"
    person.desktop.click(shown)
    person.lands_at("/pots/speckled-planter")
    outcome = site.outcome(campaign)
    assert (outcome["audience"], outcome["accepted"]) == (1, 1)


def test_a_click_comes_back_to_the_tab_that_shows_the_page(person: Person, site: Site) -> None:
    person.visits()
    person.subscribes()
    person.visits("/pots")
    site.send(title="New pots", url=f"{person.origin}/pots")
    person.desktop.click(person.sees("New pots"))
    person.sees_nothing()
    site.send(title="Afterwards", url=person.origin)
    person.sees("Afterwards")
    assert person.browser.tabs() == [f"{person.origin}/pots"]


def test_a_click_brings_a_tab_back_whose_app_has_moved_on(person: Person, site: Site) -> None:
    person.visits()
    person.subscribes()
    person.visits("/pots")
    person.browser.evaluate("void history.pushState({}, '', '/tools')")
    site.send(title="New pots", url=f"{person.origin}/pots")
    shown = person.sees("New pots")
    assert person.browser.tabs() == [f"{person.origin}/tools"]
    person.desktop.click(shown)
    person.lands_at("/pots")
    assert person.browser.tabs() == [f"{person.origin}/pots"]


def test_a_button_opens_its_own_page(person: Person, site: Site) -> None:
    person.visits()
    person.subscribes()
    actions = [
        {"action": "see", "title": "See it", "url": f"{person.origin}/tools/secateurs"},
        {"action": "more", "title": "All tools", "url": f"{person.origin}/tools"},
    ]
    site.send(title="Sharp", url=f"{person.origin}/plants", actions=actions)
    shown = person.sees("Sharp")
    assert set(shown.actions) >= {"See it", "All tools"}
    person.desktop.click(shown, "All tools")
    person.lands_at("/tools")
    person.sees_nothing()


def test_what_is_dismissed_opens_nothing_and_the_next_one_comes(person: Person, site: Site) -> None:
    person.visits()
    person.subscribes()
    site.send(title="Not today", url=f"{person.origin}/plants")
    person.desktop.dismiss(person.sees("Not today"))
    site.send(title="Tomorrow", url=f"{person.origin}/plants")
    person.sees("Tomorrow")
    assert person.browser.tabs() == [f"{person.origin}/"]
    assert [one.title for one in person.desktop.shown()] == ["Tomorrow"]


def test_the_largest_message_arrives(person: Person, site: Site, scene: Scene) -> None:
    person.visits()
    person.subscribes()
    site.send(title="Long", body="ü" * 2_000, url=person.origin)
    body = person.body(person.sees("Long"))
    assert body.startswith("ü" * 1_000)
    pushed = scene.push_service.ledger.received()[-1]
    assert LARGEST_BODY - 4 < pushed.body_size <= LARGEST_BODY


def test_what_its_push_service_brings_twice_is_on_the_screen_once(person: Person, site: Site, scene: Scene) -> None:
    person.visits()
    person.subscribes()
    site.send(title="Once", url=person.origin)
    person.sees("Once")
    pushed = scene.push_service.ledger.received()[-1]
    assert pushed.endpoint_id is not None
    person.service.push(pushed.endpoint_id, pushed.body)
    patiently(lambda: len(person.desktop.history()) == 2, "the second showing")
    patiently(lambda: [one.title for one in person.desktop.shown()] == ["Once"], "the end of the first")


def test_a_message_of_the_same_tag_takes_the_place_of_the_one_before(person: Person, site: Site) -> None:
    person.visits()
    person.subscribes()
    site.send(title="1 : 0", url=person.origin, tag="score")
    person.sees("1 : 0")
    site.send(title="1 : 1", url=person.origin, tag="score")
    person.sees("1 : 1")
    assert [one.title for one in person.desktop.shown()] == ["1 : 1"]


def test_what_was_sent_while_the_browser_was_away_waits_for_it(person: Person, site: Site) -> None:
    person.visits()
    person.subscribes()
    person.goes_offline()
    campaign = site.send(title="Patience", url=person.origin)
    assert site.outcome(campaign)["accepted"] == 1
    assert person.desktop.shown() == []
    person.comes_back()
    person.sees("Patience")
