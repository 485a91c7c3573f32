"""What became of a notification, told by a real browser's worker and counted in the campaign's statistics."""

from __future__ import annotations

import pytest

from tests.e2e.browsers.person import Person
from tests.e2e.browsers.scene import Scene, Site
from tests.fakes.outsider import patiently

pytestmark = pytest.mark.e2e


def counted(site: Site, campaign: str, **wanted: int) -> None:
    """Within seconds, and not more."""

    def look() -> bool:
        stats = site.stats(campaign)
        return {name: stats[name] for name in wanted} == wanted

    patiently(look, f"{wanted} in {site.stats(campaign)}")


def test_what_is_shown_and_clicked_is_counted_once(person: Person, site: Site) -> None:
    person.visits()
    person.subscribes()
    campaign = site.send(title="Counted", url=f"{person.origin}/pots")
    shown = person.sees("Counted")
    counted(site, campaign, displayed=1, clicked=0, dismissed=0)
    person.desktop.click(shown)
    person.lands_at("/pots")
    counted(site, campaign, displayed=1, clicked=1, dismissed=0)


def test_a_button_counts_as_a_click(person: Person, site: Site) -> None:
    person.visits()
    person.subscribes()
    actions = [{"action": "see", "title": "See it", "url": f"{person.origin}/tools"}]
    campaign = site.send(title="Pressed", url=f"{person.origin}/pots", actions=actions)
    person.desktop.click(person.sees("Pressed"), "See it")
    person.lands_at("/tools")
    counted(site, campaign, displayed=1, clicked=1, dismissed=0)


def test_what_is_dismissed_is_counted_as_that(person: Person, site: Site) -> None:
    person.visits()
    person.subscribes()
    campaign = site.send(title="Away with it", url=f"{person.origin}/pots")
    person.desktop.dismiss(person.sees("Away with it"))
    counted(site, campaign, displayed=1, clicked=0, dismissed=1)


def test_what_its_push_service_brings_twice_is_counted_once(person: Person, site: Site, scene: Scene) -> None:
    person.visits()
    person.subscribes()
    campaign = site.send(title="Twice", url=f"{person.origin}/pots")
    person.sees("Twice")
    pushed = scene.push_service.ledger.received()[-1]
    assert pushed.endpoint_id is not None
    person.service.push(pushed.endpoint_id, pushed.body)
    patiently(lambda: len(person.desktop.history()) == 2, "the second showing")
    person.desktop.dismiss(person.sees("Twice"))
    counted(site, campaign, displayed=1, clicked=0, dismissed=1)
