"""Closing a site over memory: no site without its job, no job without its site."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.core.errors import NotFound, Stale, Unavailable
from chalicelib.core.paging import Page
from chalicelib.features.campaigns.model import Campaign, WrongState
from chalicelib.features.privacy.model import Portion
from chalicelib.features.privacy.service.closing import SiteClosing
from tests.unit.privacy.memory import ADA, NOW, House

SITE = "site_a"


class Sites:
    def __init__(self) -> None:
        self.open = {SITE}
        self.fault: Exception | None = None

    def get(self, *, tenant_id: str, site_id: str) -> object:
        if site_id not in self.open:
            raise NotFound
        return site_id

    def close(self, *, tenant_id: str, site_id: str, now: datetime) -> object:
        if self.fault is not None:
            raise self.fault
        self.open.remove(site_id)
        return site_id


class Campaigns:
    def __init__(self) -> None:
        self.all: list[Any] = []

    def whoever_s_site(self, *, tenant_id: str, site_id: str, limit: int, position: str | None) -> Page[Campaign]:
        at = int(position or 0)
        return Page(self.all[at : at + 1], str(at + 1) if at + 1 < len(self.all) else None)


class Sending:
    def __init__(self) -> None:
        self.cancelled: list[object] = []
        self.fault: Exception | None = None

    def cancel(self, campaign: Campaign, *, now: datetime) -> object:
        if self.fault is not None:
            raise self.fault
        self.cancelled.append(campaign)
        return campaign


class Street:
    def __init__(self) -> None:
        self.house, self.sites, self.campaigns, self.sending = House(), Sites(), Campaigns(), Sending()
        self.closing = SiteClosing(
            sites=self.sites, campaigns=self.campaigns, sending=self.sending, jobs=lambda: self.house.jobs
        )

    def close(self) -> None:
        self.closing.close(tenant_id=ADA, site_id=SITE, asked_by="usr_a", now=NOW)

    def stop(self, *, minutes: int = 0) -> Portion:
        return self.closing.stop(self.house.only, NOW + timedelta(minutes=minutes))


def campaign(*, is_committed: bool) -> Any:
    return type("Named", (), {"is_committed": is_committed})()


@pytest.fixture
def street() -> Street:
    return Street()


def test_a_site_is_closed_with_a_job_at_once(street: Street) -> None:
    street.close()
    assert street.sites.open == set()
    assert (street.house.only.about, street.house.wakes.sent) == ({"site_id": SITE}, [(street.house.only.id, 0)])


def test_an_unknown_one_makes_no_job(street: Street) -> None:
    street.sites.open = set()
    with pytest.raises(NotFound):
        street.close()
    assert street.house.rows.jobs == {}


def test_one_that_surely_stays_open_keeps_no_job(street: Street) -> None:
    street.sites.fault = NotFound()  # closed by somebody else, with a job of its own
    with pytest.raises(NotFound):
        street.close()
    assert street.house.rows.jobs == {}


def test_one_that_stays_open_and_keeps_its_job_by_mischance_is_found_open(street: Street) -> None:
    street.sites.fault, street.house.rows.is_away = Stale(), True
    with pytest.raises(Stale):
        street.close()
    assert street.house.only.about == {"site_id": SITE}
    with pytest.raises(Unavailable):  # or the next stage would begin, of a site that is open
        street.stop(minutes=3)


def test_one_that_may_be_closed_keeps_its_job(street: Street) -> None:
    street.sites.fault = Unavailable()
    with pytest.raises(Unavailable):
        street.close()
    assert street.house.only.about == {"site_id": SITE}
    with pytest.raises(Unavailable):  # somebody may be about to
        street.stop(minutes=1)
    assert street.stop(minutes=3) == Portion()
    assert street.house.rows.jobs == {}


def test_what_was_to_be_sent_is_cancelled_and_the_rest_left(street: Street) -> None:
    street.close()
    sending, draft = campaign(is_committed=True), campaign(is_committed=False)
    street.campaigns.all = [sending, draft]
    assert street.stop().position == "1"
    street.house.rows.add(street.house.only.after(Portion(position="1"), stages=2, now=NOW))
    assert street.stop().position is None
    assert street.sending.cancelled == [sending]


def test_one_that_ended_by_itself_is_no_hindrance(street: Street) -> None:
    street.close()
    street.campaigns.all = [campaign(is_committed=True)]
    street.sending.fault = WrongState(status="sent")
    assert street.stop() == Portion()


def test_one_whose_planner_is_at_it_is_asked_again(street: Street) -> None:
    street.close()
    street.campaigns.all = [campaign(is_committed=True)]
    street.sending.fault = Stale()
    with pytest.raises(Unavailable):
        street.stop()
