"""What may be said of a visitor, and what a browser shows without a word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import Invalid
from chalicelib.features.subscriptions.model import Consent, Profile, Sight, TagEdit
from chalicelib.features.subscriptions.service.profiles import consent_given, profile_of, said_ms
from chalicelib.features.subscriptions.service.sights import sight_of
from tests.unit.subscriptions.memory import NOW

AT_MS = in_milliseconds(NOW)


def pointer(refused: pytest.ExceptionInfo[Invalid]) -> str:
    return str(refused.value.facts["errors"][0]["pointer"])


def test_a_profile_is_kept_as_it_will_be_compared() -> None:
    profile = profile_of(
        {
            "tags": ["news", "Sport", "news", "Bücher 📚"],
            "attributes": {"plan": "pro", "age": 44, "score": 1.5, "is_vip": True, "since": "2024-05-01", "old": None},
            "timezone": "America/Argentina/Buenos_Aires",
            "language": "ZH-hant-tw",
            "external_id": "user#1 é",
        }
    )
    assert profile.tags == ("news", "Sport", "Bücher 📚")
    assert profile.language == "zh-Hant-TW"
    assert profile_of({}) == Profile()
    assert profile_of(dict.fromkeys(["tags", "attributes", "timezone", "language", "external_id"])) == Profile(
        None, None, None, None, None
    )


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"tags": ["ok", ""]}, "/tags/1"),
        ({"tags": ["x" * 65]}, "/tags/0"),
        ({"tags": ["a\nb"]}, "/tags/0"),
        ({"tags": [str(n) for n in range(65)]}, "/tags"),
        ({"tags": {"add": ["ok", ""]}}, "/tags/add/1"),
        ({"tags": {"remove": ["x" * 65]}}, "/tags/remove/0"),
        ({"tags": {"add": [str(n) for n in range(65)]}}, "/tags/add"),
        ({"tags": {"add": ["a", "b"], "remove": ["b"]}}, "/tags/remove"),
        ({"attributes": {str(n): n for n in range(33)}}, "/attributes"),
        ({"attributes": {"": 1}}, "/attributes"),
        ({"attributes": {"x" * 65: 1}}, "/attributes"),
        ({"attributes": {"a\0": 1}}, "/attributes"),
        ({"attributes": {"a": "x" * 257}}, "/attributes"),
        ({"attributes": {"a": 2**53}}, "/attributes"),
        ({"attributes": {"a": -(2**53)}}, "/attributes"),
        ({"attributes": {"a": float("inf")}}, "/attributes"),
        ({"attributes": {"a": float("nan")}}, "/attributes"),
        ({"timezone": ""}, "/timezone"),
        ({"timezone": "europe/berlin"}, "/timezone"),
        ({"timezone": "Europe"}, "/timezone"),
        ({"timezone": "../../etc/passwd"}, "/timezone"),
        ({"timezone": "Mars/Base"}, "/timezone"),
        ({"language": ""}, "/language"),
        ({"language": "d"}, "/language"),
        ({"language": "de_DE"}, "/language"),
        ({"language": "de-"}, "/language"),
        ({"language": "deutschland"}, "/language"),
        ({"language": "de\n"}, "/language"),
        ({"language": "de" + "-abcdefgh" * 5}, "/language"),
        ({"external_id": ""}, "/external_id"),
        ({"external_id": "x" * 257}, "/external_id"),
        ({"external_id": "a\x7f"}, "/external_id"),
    ],
)
def test_what_does_not_fit_is_named(said: dict[str, Any], where: str) -> None:
    with pytest.raises(Invalid) as refused:
        profile_of(said)
    assert pointer(refused) == where


def test_the_limits_themselves_fit() -> None:
    profile_of(
        {
            "tags": [f"{n:064}" for n in range(64)],
            "attributes": {f"{n:064}": "x" * 256 for n in range(30)} | {"big": 2**53 - 1, "small": -(2**53 - 1)},
            "external_id": "é" * 256,
        }
    )


def test_tags_may_be_said_by_what_changes() -> None:
    assert profile_of({"tags": {"add": ["a", "b", "a"], "remove": ["c"]}}).tags == TagEdit(("a", "b"), ("c",))
    assert profile_of({"tags": {"remove": ["c"]}}).tags == TagEdit((), ("c",))
    assert profile_of({"tags": {}}).tags == TagEdit()


def test_a_consent_is_dated_by_us_unless_it_says_when() -> None:
    assert consent_given(text="Yes", version="3", at=None, now=NOW) == Consent(AT_MS, "Yes", "3")
    yesterday = NOW - timedelta(days=1)
    assert consent_given(text=None, version=None, at=yesterday, now=NOW) == Consent(in_milliseconds(yesterday))


@pytest.mark.parametrize(
    "at", [NOW + timedelta(days=2), datetime(1999, 12, 31, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)]
)
def test_a_consent_from_another_time_is_none(at: datetime) -> None:
    with pytest.raises(Invalid) as refused:
        consent_given(text=None, version=None, at=at, now=NOW)
    assert pointer(refused) == "/consent/at"


# --- What a call shows ---

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
SAFARI = "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605.1.15"


@pytest.mark.parametrize(
    ("headers", "family"),
    [
        ({}, None),
        ({"user-agent": "curl/8"}, None),
        ({"user-agent": CHROME}, "chrome"),
        ({"user-agent": f"{CHROME} Edg/156.0.0.0"}, "edge"),
        ({"user-agent": f"{CHROME} OPR/120"}, "opera"),
        ({"user-agent": CHROME.replace("Chrome", "SamsungBrowser/30.0 Chrome")}, "samsung"),
        ({"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"}, "firefox"),
        ({"user-agent": SAFARI}, "safari"),
        ({"user-agent": CHROME, "sec-ch-ua": '"Chromium";v="156", "Brave";v="156"'}, "brave"),
        ({"user-agent": CHROME, "sec-ch-ua": '"Chromium";v="156", "Not A Brand";v="8"'}, "chrome"),
        ({"user-agent": "Amazon CloudFront"}, None),
    ],
)
def test_a_browser_is_known_by_its_own_word(headers: dict[str, str], family: str | None) -> None:
    assert sight_of(headers, country_header="") == Sight(None, family)


@pytest.mark.parametrize(
    ("told", "country"), [("DE", "DE"), ("de", None), ("XX", None), ("T1", None), ("DEU", None), ("", None)]
)
def test_a_country_is_two_letters_or_none(told: str, country: str | None) -> None:
    assert sight_of({"cf-ipcountry": told}, country_header="CF-IPCountry").country == country


def test_without_a_cdn_a_country_is_nobodys_word() -> None:
    assert sight_of({"": "DE", "cf-ipcountry": "DE"}, country_header="").country is None


# --- When it was said ---


def test_words_are_ordered_by_the_browsers_own_clock() -> None:
    assert said_ms(NOW, NOW) == AT_MS
    assert said_ms(NOW - timedelta(days=9_000), NOW) == AT_MS - 9_000 * 86_400_000
    assert said_ms(datetime(1969, 1, 1, tzinfo=UTC), NOW) == 1


def test_a_clock_that_is_ahead_has_the_last_word_for_a_day_only() -> None:
    assert said_ms(NOW + timedelta(days=3_650), NOW) == AT_MS + 86_400_000
