"""Subscriptions that end, move and come back, between a browser, its push service and the product."""

from __future__ import annotations

import pytest

from tests.e2e.browsers.mozilla import Mozilla
from tests.e2e.browsers.person import Person
from tests.e2e.browsers.scene import Equipment, Site
from tests.fakes.outsider import patiently

pytestmark = pytest.mark.e2e


def test_who_unsubscribes_is_sent_nothing_more_and_may_come_back(person: Person, site: Site) -> None:
    person.visits()
    person.subscribes()
    person.clicks("#bell")
    person.clicks("#notices-switch")
    person.until("document.querySelector('#notices-switch').textContent === 'Switch on'")
    (ended,) = site.subscriptions()
    assert (ended["status"], ended["ended_reason"]) == ("ended", "unsubscribed")
    assert site.outcome(site.send(title="Nobody", url=person.origin))["audience"] == 0
    person.clicks("#notices-switch")
    person.until("document.querySelector('#bell').dataset.state === 'subscribed'")
    site.send(title="Welcome back", url=person.origin)
    person.sees("Welcome back")
    assert [one.title for one in person.desktop.history()] == ["Welcome back"]


def test_a_subscription_that_its_browser_dropped_is_told_by_the_push_service(person: Person, site: Site) -> None:
    person.visits()
    person.subscribes()
    person.drops_subscription()
    outcome = site.outcome(site.send(title="Too late", url=person.origin))
    assert (outcome["audience"], outcome["gone"]) == (1, 1)
    (ended,) = site.subscriptions()
    assert (ended["status"], ended["ended_reason"]) == ("ended", "gone")


def test_a_subscription_that_its_push_service_gave_up_heals_with_the_next_word(person: Person, site: Site) -> None:
    person.visits()
    person.subscribes()
    person.service.give_up_all()
    assert site.outcome(site.send(title="Too late", url=person.origin))["gone"] == 1
    assert person.says("tag", "pots")["state"] == "subscribed"
    (active,) = site.active()
    assert active["tags"] == ["pots"]
    site.send(title="Healed", url=person.origin)
    person.sees("Healed")


@pytest.mark.parametrize("program", ["firefox"], indirect=True)
def test_a_browser_that_its_push_service_forgot_subscribes_anew_by_itself(
    person: Person, site: Site, equipment: Equipment
) -> None:
    """`pushsubscriptionchange`, which Firefox fires when it is given a new name."""
    assert isinstance(equipment.service, Mozilla)
    person.visits()
    person.subscribes()
    (before,) = site.subscriptions()
    equipment.service.forget_browser()

    def moved() -> bool:
        return [one["id"] for one in site.active()] not in ([], [before["id"]])

    patiently(moved, "the new subscription", seconds=60)
    campaign = site.send(title="Found again", url=person.origin)
    person.sees("Found again")
    outcome = site.outcome(campaign)
    assert (outcome["audience"], outcome["accepted"]) == (1, 1)
