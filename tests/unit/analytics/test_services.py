"""Reporting, clicking and reading, over memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from chalicelib.core import ids
from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.core.receipts import GOOD_FOR, Told
from chalicelib.features.analytics.model import Claim, Figures, Kind, Report
from chalicelib.features.analytics.service.clicking import Clicking
from chalicelib.features.analytics.service.figures import Results
from chalicelib.features.analytics.service.reporting import RefusedClaim, Reporting, Taken
from chalicelib.features.sending.model.run import Order, Run, Source
from chalicelib.features.sending.model.totals import Totals
from tests.unit.analytics.desk import (
    ADA,
    BEGAN_AT,
    CYD,
    MESSAGE,
    NOW,
    OTHER_RUN,
    RECEIPTS,
    RUN,
    SITE,
    Runs,
    Waiting,
    a_run,
    claim,
    receipt,
)

UNSEEN = Told(browser=1, is_wanted=True)


def reported(*claims: Claim, waiting: Waiting | None = None) -> tuple[Taken, list[Report]]:
    queue = waiting or Waiting()
    reporting = Reporting(receipts=lambda: RECEIPTS, waiting=queue)
    return reporting.report(tenant_id=ADA, site_id=SITE, claims=claims, now=NOW), queue.reports


def test_a_report_waits_as_one() -> None:
    taken, waiting = reported(claim(), claim("clicked"), claim(key=2))
    assert taken == Taken(3, ())
    (report,) = waiting
    assert (report.tenant_id, report.site_id, report.lives) == (ADA, SITE, ())
    assert [event.kind for event in report.events] == ["displayed", "clicked", "displayed"]


def test_one_that_is_refused_takes_no_other_with_it() -> None:
    taken, (report,) = reported(claim(), claim("opened"), claim(receipt=5), claim(key=2))
    assert taken == Taken(2, (RefusedClaim(1, "unknown_type"), RefusedClaim(2, "bad_receipt")))
    assert len(report.events) == 2


def test_nothing_waits_when_nothing_was_taken() -> None:
    assert reported(claim("opened")) == (Taken(0, (RefusedClaim(0, "unknown_type"),)), [])


def test_a_browser_that_lives_is_told_of_once() -> None:
    _, (report,) = reported(
        *(claim(kind, receipt=receipt(told=UNSEEN)) for kind in ("displayed", "clicked")), claim(key=2)
    )
    assert [life.key for life in report.lives] == [b"\1" * 16]


@pytest.mark.parametrize("minutes", [(5, 25), (25, 5)])
def test_of_a_browsers_signs_of_life_the_newest_is_told(minutes: tuple[int, int]) -> None:
    """In whatever order they were kept."""
    times = [BEGAN_AT + timedelta(minutes=each) for each in minutes]
    _, (report,) = reported(
        *(claim(kind, receipt=receipt(told=UNSEEN), at=at.isoformat()) for kind, at in zip(Kind, times, strict=False))
    )
    assert [life.at for life in report.lives] == [int(max(times).timestamp())]


def test_a_queue_that_is_down_is_the_callers_to_know() -> None:
    with pytest.raises(Unavailable):
        reported(claim(), waiting=Waiting(is_down=True))


# --- clicks ---


@dataclass
class Street:
    waiting: Waiting = field(default_factory=Waiting)
    runs: Runs = field(default_factory=Runs)
    lost: int = 0

    def follow(self, followed: str, *, now: datetime = NOW) -> str:
        clicking = Clicking(receipts=lambda: RECEIPTS, runs=self.runs, waiting=self.waiting, lost=self._lose)
        return clicking.follow(followed, now=now)

    def _lose(self) -> None:
        self.lost += 1


@pytest.mark.parametrize(
    ("place", "target"),
    [("", MESSAGE.url), ("1", MESSAGE.actions[0].url), ("2", MESSAGE.url)],
    ids=["the message", "its button", "a button that it has not"],
)
def test_a_click_leads_where_the_run_says_and_is_told(place: str, target: str) -> None:
    street = Street()
    assert street.follow(receipt() + place) == target
    (report,) = street.waiting.reports
    assert (report.tenant_id, report.site_id) == (ADA, SITE)
    (event,) = report.events
    assert (event.kind, event.run_id, event.at) == (Kind.CLICKED, RUN, int(NOW.timestamp()))


def test_a_scheme_is_known_however_it_is_spelled() -> None:
    message = msgspec.structs.replace(MESSAGE, url="HTTPS://shop.example/")
    assert Street(runs=Runs(known=[a_run(order=Order(message=message, cutoff=0))])).follow(receipt()) == message.url


def test_a_click_is_the_same_event_that_the_worker_reports() -> None:
    street = Street()
    street.follow(receipt())
    _, (report,) = reported(claim("clicked"))
    assert street.waiting.reports[0].events[0].mark == report.events[0].mark


def test_a_click_is_a_sign_of_life() -> None:
    street = Street()
    street.follow(receipt(told=UNSEEN))
    assert [life.key for life in street.waiting.reports[0].lives] == [b"\1" * 16]


@pytest.mark.parametrize(
    "followed",
    ["", "x", "A" * 96, receipt()[:-1], receipt()[:-1] + "~", receipt() + "0", receipt() + "3", receipt() + "11"],
)
def test_what_is_no_receipt_leads_nowhere_and_asks_nobody(followed: str) -> None:
    street = Street(runs=Runs(known=[]))
    with pytest.raises(NotFound):
        street.follow(followed)
    assert street.waiting.reports == []


@pytest.mark.parametrize("words", [{"run_id": OTHER_RUN}, {"tenant_id": CYD}])
def test_a_run_that_is_no_more_leads_nowhere(words: dict[str, Any]) -> None:
    street = Street()
    with pytest.raises(NotFound):
        street.follow(receipt(**words))
    assert street.waiting.reports == []


def test_a_click_that_comes_late_is_led_on_and_not_counted() -> None:
    street = Street()
    assert street.follow(receipt(), now=BEGAN_AT + GOOD_FOR) == MESSAGE.url
    assert (street.waiting.reports, street.lost) == ([], 0)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "", "ftp://shop.example"])
def test_nothing_but_a_page_is_led_to_whatever_is_stored(url: str) -> None:
    message = msgspec.structs.replace(MESSAGE, url=url)
    street = Street(runs=Runs(known=[a_run(order=Order(message=message, cutoff=0))]))
    with pytest.raises(NotFound):
        street.follow(receipt())
    assert street.waiting.reports == []


def test_a_queue_that_is_down_holds_nobody_up() -> None:
    street = Street(waiting=Waiting(is_down=True))
    assert street.follow(receipt()) == MESSAGE.url
    assert street.lost == 1


# --- reading ---


@dataclass
class Campaign:
    id: str = "cmp_a"
    run_id: str | None = RUN


@dataclass
class Sending:
    standing: Campaign = field(default_factory=Campaign)
    asked: list[Run | None] = field(default_factory=list)

    def campaign(self, *, tenant_id: str, site_id: str, campaign_id: str) -> Any:
        if (tenant_id, site_id, campaign_id) != (ADA, SITE, "cmp_a"):
            raise NotFound
        return self.standing

    def totals(self, run: Run | None) -> Totals:
        self.asked.append(run)
        return Totals({"accepted": 5}, waiting=0, unread=0, estimated=None)


class Sites:
    def get(self, *, tenant_id: str, site_id: str) -> object:
        if (tenant_id, site_id) != (ADA, SITE):
            raise NotFound
        return object()


FIGURES = Figures(told={Kind.CLICKED: 3})
PLACE = {"tenant_id": ADA, "site_id": SITE}


@pytest.fixture
def desk() -> tuple[Results, Runs, Sending]:
    runs, sending = Runs(figures=FIGURES), Sending()
    return Results(runs=runs, sending=sending, sites=Sites()), runs, sending


Desk = tuple[Results, Runs, Sending]


def test_a_campaigns_run_is_shown_from_both_sides(desk: Desk) -> None:
    results, _, sending = desk
    run, totals, figures = results.of_campaign(**PLACE, campaign_id="cmp_a", run_id=None)
    assert (run, totals.audience, figures) == (a_run(), 5, FIGURES)
    assert sending.asked == [a_run()]


def test_before_it_is_sent_there_is_nothing_to_show(desk: Desk) -> None:
    results, _, sending = desk
    sending.standing.run_id = None
    assert results.of_campaign(**PLACE, campaign_id="cmp_a", run_id=None)[::2] == (None, Figures())
    sending.standing.run_id = OTHER_RUN
    assert results.of_campaign(**PLACE, campaign_id="cmp_a", run_id=None)[::2] == (None, Figures())


def test_a_run_that_is_not_the_campaigns_is_not_found(desk: Desk) -> None:
    results, runs, _ = desk
    runs.known.append(a_run(id=OTHER_RUN, campaign_id="cmp_b"))
    for run_id in (OTHER_RUN, ids.new("run")):
        with pytest.raises(NotFound):
            results.of_campaign(**PLACE, campaign_id="cmp_a", run_id=run_id)


def test_a_test_run_is_asked_for_by_name(desk: Desk) -> None:
    results, runs, _ = desk
    runs.known.append(test := a_run(id=OTHER_RUN, source=Source.TEST))
    assert results.of_campaign(**PLACE, campaign_id="cmp_a", run_id=OTHER_RUN)[0] == test


def test_a_notification_is_shown_the_same_way(desk: Desk) -> None:
    results, runs, _ = desk
    runs.known = [a_run(source=Source.NOTIFICATION, campaign_id=None)]
    run, totals, figures = results.of_notification(**PLACE, run_id=RUN)
    assert (run.id, totals.audience, figures) == (RUN, 5, FIGURES)


@pytest.mark.parametrize(
    "changes",
    [{"source": Source.CAMPAIGN}, {"site_id": "site_other"}, {"id": OTHER_RUN}, {"tenant_id": CYD}],
    ids=["a campaign's", "another site's", "unknown", "another tenant's"],
)
def test_what_is_no_notification_of_this_site_is_not_found(desk: Desk, changes: dict[str, Any]) -> None:
    results, runs, _ = desk
    runs.known = [replace(a_run(source=Source.NOTIFICATION), **changes)]
    with pytest.raises(NotFound):
        results.of_notification(**PLACE, run_id=RUN)


def test_a_strangers_site_and_what_is_no_id_are_not_found(desk: Desk) -> None:
    results, *_ = desk
    with pytest.raises(NotFound):
        results.of_notification(tenant_id=CYD, site_id=SITE, run_id=RUN)
    with pytest.raises(NotFound):
        results.of_notification(**PLACE, run_id="run_x")


def test_a_message_without_buttons_leads_to_its_page() -> None:
    bare = replace(a_run(), order=Order(message=replace_actions(), cutoff=0))
    assert Street(runs=Runs(known=[bare])).follow(receipt() + "1") == MESSAGE.url


def replace_actions() -> Any:
    return msgspec.structs.replace(MESSAGE, actions=())


def test_what_was_told_long_ago_is_still_counted_in_its_hour() -> None:
    late = claim("clicked", at=(BEGAN_AT + timedelta(minutes=1)).isoformat())
    _, (told,) = reported(late)
    assert told.events[0].at == int(BEGAN_AT.timestamp()) + 60
