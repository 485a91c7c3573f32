"""What is news about a push host, and how it is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.features.sending.model.gate import Closure, Gate
from chalicelib.features.sending.model.news import News, letter, news_of

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
GATE = Gate("fcm.googleapis.com")
REFUSED = GATE.closed(Closure.REFUSED, now=NOW, wish=timedelta())
SUSPECTED = GATE.suspected(now=NOW, answers=1_400, gone=1_333)


@pytest.mark.parametrize(
    ("gate", "news"),
    [
        (GATE, None),
        (REFUSED, News.VAPID_REFUSED),
        (GATE.closed(Closure.BUSY, now=NOW, wish=timedelta()), News.BUSY),
        (REFUSED.opened(), None),
        (SUSPECTED, News.MASS_GONE),
        (replace(REFUSED, suspected_at=NOW), News.MASS_GONE),
        (replace(REFUSED, suspected_at=NOW - timedelta(hours=1)), News.VAPID_REFUSED),
        (replace(GATE, suspected_at=NOW - timedelta(hours=1)), None),
        (SUSPECTED.trusted(until=NOW + timedelta(days=7)), None),
    ],
)
def test_what_is_news(gate: Gate, news: News | None) -> None:
    assert news_of(gate, now=NOW) is news


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
