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


def test_a_click_while_there_is_no_network_is_told_afterwards(person: Person, site: Site) -> None:
    """On what a tab shows already: who is offline gets no other page, and Chromium would not keep that from a new tab."""
    person.visits()
    person.subscribes()
    person.visits("/pots")
    before = site.send(title="Before", url=f"{person.origin}/pots")
    shown = person.sees("Before")
    counted(site, before, displayed=1)
    person.loses_network()
    person.desktop.click(shown)
    patiently(lambda: person.receipts_kept() == 1, "a click that waits")
    counted(site, before, displayed=1, clicked=0, dismissed=0)
    person.finds_network()
    after = site.send(title="After", url=f"{person.origin}/pots")
    person.sees("After")
    counted(site, before, displayed=1, clicked=1, dismissed=0)
    counted(site, after, displayed=1, clicked=0, dismissed=0)
    patiently(lambda: person.receipts_kept() == 0, "nothing that waits")


@pytest.mark.parametrize("program", ["chromium"], indirect=True)
def test_what_is_shown_while_only_the_product_is_out_of_reach_is_told_afterwards(person: Person, site: Site) -> None:
    """Firefox brings no push when it is offline; what Chromium's tools cut off does not include its push service."""
    person.visits()
    person.subscribes()
    awake = site.send(title="Awake", url=person.origin)
    person.desktop.dismiss(person.sees("Awake"))
    counted(site, awake, displayed=1, clicked=0, dismissed=1)
    patiently(lambda: person.receipts_kept() == 0, "nothing that waits")
    person.loses_network()
    campaigns = [site.send(title=f"Number {number}", url=f"{person.origin}/pots") for number in range(3)]
    for number in range(3):
        person.sees(f"Number {number}")
    patiently(lambda: person.receipts_kept() == 3, "three that wait")
    person.finds_network()
    person.desktop.dismiss(person.sees("Number 0"))
    patiently(lambda: person.receipts_kept() == 0, "nothing that waits")
    for campaign, dismissed in zip(campaigns, (1, 0, 0), strict=True):
        counted(site, campaign, displayed=1, clicked=0, dismissed=dismissed)


def test_what_another_replaced_was_dismissed_by_nobody(person: Person, site: Site) -> None:
    person.visits()
    person.subscribes()
    first = site.send(title="1 : 0", url=f"{person.origin}/pots", tag="score")
    person.sees("1 : 0")
    second = site.send(title="1 : 1", url=f"{person.origin}/pots", tag="score")
    shown = person.sees("1 : 1")
    counted(site, second, displayed=1, clicked=0, dismissed=0)
    person.desktop.dismiss(shown)
    counted(site, second, displayed=1, clicked=0, dismissed=1)  # receipts go in turn: what came before is known as well
    counted(site, first, displayed=1, clicked=0, dismissed=0)


def brought_twice(person: Person, site: Site, scene: Scene) -> str:
    """The campaign whose only push has come and come again."""
    person.visits()
    person.subscribes()
    campaign = site.send(title="Twice", url=f"{person.origin}/pots")
    person.sees("Twice")
    pushed = scene.push_service.ledger.received()[-1]
    assert pushed.endpoint_id is not None
    person.service.push(pushed.endpoint_id, pushed.body)
    patiently(lambda: len(person.desktop.history()) == 2, "the second showing")
    return campaign


def test_the_end_of_what_its_push_service_brings_twice_is_counted_once(
    person: Person, site: Site, scene: Scene
) -> None:
    campaign = brought_twice(person, site, scene)
    person.desktop.dismiss(person.sees("Twice"))
    counted(site, campaign, displayed=1, clicked=0, dismissed=1)


def test_a_click_on_what_its_push_service_brings_twice_is_no_end_of_it(
    person: Person, site: Site, scene: Scene
) -> None:
    campaign = brought_twice(person, site, scene)
    person.desktop.click(person.sees("Twice"))
    person.lands_at("/pots")
    counted(site, campaign, displayed=1, clicked=1, dismissed=0)
