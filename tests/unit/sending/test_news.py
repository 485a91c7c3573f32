"""What is news about a push host, and how it is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.features.sending.model.gate import Closure, Gate
from chalicelib.features.sending.model.news import News, letter, news_of, notices_of

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
GATE = Gate("fcm.googleapis.com")
REFUSED = GATE.closed(Closure.REFUSED, now=NOW, wish=timedelta())
SUSPECTED = GATE.suspected(now=NOW, answers=1_400, gone=1_333)


@pytest.mark.parametrize(
    ("before", "after", "news"),
    [
        (GATE, GATE, None),
        (GATE, REFUSED, News.VAPID_REFUSED),
        (GATE, GATE.closed(Closure.BUSY, now=NOW, wish=timedelta()), News.BUSY),
        (REFUSED, REFUSED.closed(Closure.REFUSED, now=NOW + HOUR, wish=timedelta()), News.VAPID_REFUSED),
        (REFUSED, REFUSED.opened(), None),
        (GATE, SUSPECTED, News.MASS_GONE),
        (REFUSED, REFUSED.suspected(now=NOW, answers=100, gone=99), News.MASS_GONE),
        (SUSPECTED, SUSPECTED.closed(Closure.REFUSED, now=NOW, wish=timedelta()), News.VAPID_REFUSED),
        (SUSPECTED, SUSPECTED.trusted(until=NOW + timedelta(days=7)), None),
    ],
)
def test_what_is_news(before: Gate, after: Gate, news: News | None) -> None:
    assert news_of(before, after) is news


@pytest.mark.parametrize(
    ("gate", "now", "news"),
    [
        (GATE, NOW, []),
        (REFUSED, NOW, [News.VAPID_REFUSED]),
        (GATE.closed(Closure.BUSY, now=NOW, wish=timedelta()), NOW, []),
        (REFUSED.opened(), NOW, []),
        (SUSPECTED, NOW + timedelta(hours=23), [News.MASS_GONE]),
        (SUSPECTED, NOW + timedelta(days=1), []),
        (replace(REFUSED, suspected_at=NOW), NOW, [News.MASS_GONE, News.VAPID_REFUSED]),
        (SUSPECTED.trusted(until=NOW + timedelta(days=7)), NOW, []),
    ],
)
def test_what_owners_ought_to_know(gate: Gate, now: datetime, news: list[News]) -> None:
    assert [notice.news for notice in notices_of("site_a", gate, now=now)] == news


def test_the_hosts_of_a_push_service_are_one() -> None:
    hosts = ("db5p.notify.windows.com", "bn3p.notify.windows.com")
    told = {notice for host in hosts for notice in notices_of("site_a", replace(REFUSED, host=host), now=NOW)}
    assert [notice.service for notice in told] == ["wns"]
    (other,) = notices_of("site_a", replace(REFUSED, host="push.example"), now=NOW)
    assert other.service == "push.example"


def test_owners_are_told_how_many_were_called_gone_and_that_they_are_still_there() -> None:
    words = letter(News.MASS_GONE, SUSPECTED, site_name="Shop")
    assert words.subject == "Shop: many subscribers were called gone"
    assert "Google (Chrome and others)" in words.text
    assert "1,333 out of 1,400" in words.text
    assert "nothing was deleted" in words.text


def test_owners_are_told_until_when_nothing_is_tried_and_where_to_look() -> None:
    words = letter(News.VAPID_REFUSED, replace(REFUSED, host="web.push.apple.com"), site_name="Shop")
    assert words.subject == "Shop: messages are refused"
    assert "Apple (Safari)" in words.text
    assert "2026-03-01 10:00 UTC" in words.text
    assert "`subject`" in words.text


def test_a_host_that_has_left_the_list_is_called_by_its_name() -> None:
    assert "push.example" in letter(News.VAPID_REFUSED, Gate("push.example"), site_name="Shop").text


@pytest.mark.parametrize("news", [News.MASS_GONE, News.VAPID_REFUSED])
def test_a_letter_can_be_read_in_any_window(news: News) -> None:
    words = letter(news, SUSPECTED, site_name="Shop")
    assert max(map(len, words.text.splitlines())) <= 90
    assert "\n" not in words.subject
