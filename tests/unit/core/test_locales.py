"""Languages and time zones by their standard names."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.locales import is_timezone, language_tag


@pytest.mark.parametrize("name", ["Europe/Madrid", "UTC", "America/Argentina/Buenos_Aires", "Asia/Kolkata"])
def test_zones_of_the_database_are_known_and_can_be_used(name: str) -> None:
    assert is_timezone(name)
    assert ZoneInfo(name).key == name


@pytest.mark.parametrize("name", ["", "europe/madrid", "Mars/Olympus", "../etc/passwd", "Europe/Madrid\n", "Europe/"])
def test_other_names_are_no_zones(name: str) -> None:
    assert not is_timezone(name)


@pytest.mark.parametrize(
    ("said", "tag"),
    [
        ("EN", "en"),
        ("pt-br", "pt-BR"),
        ("ZH-hANT-tw", "zh-Hant-TW"),
        ("de-1996", "de-1996"),
        ("sl-nedis", "sl-nedis"),
        ("es-419", "es-419"),
    ],
)
def test_one_language_has_one_spelling(said: str, tag: str) -> None:
    assert language_tag(said) == tag


@pytest.mark.parametrize("said", ["", "e", "en_US", "en-", "-en", "en\n", "日本語", "a" * 36, "1a"])
def test_what_is_no_tag_is_none(said: str) -> None:
    assert language_tag(said) is None


@given(st.text())
def test_no_text_breaks_the_reader(said: str) -> None:
    tag = language_tag(said)
    assert tag is None or language_tag(tag) == tag
