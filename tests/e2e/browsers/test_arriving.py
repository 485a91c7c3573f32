"""From a campaign to a person's screen and back, with nothing played but the push services' own servers."""

from __future__ import annotations

import pytest

from tests.e2e.browsers.person import Person
from tests.e2e.browsers.scene import Site

pytestmark = pytest.mark.e2e


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
