"""When to try again: the jitter's bounds, and every shape of Retry-After."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.core.chance import SystemChance
from chalicelib.core.retry import full_jitter_seconds, retry_after_seconds

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


class Loaded:
    """Dice that fall as told."""

    def __init__(self, number: float) -> None:
        self.number = number

    def uniform(self) -> float:
        return self.number

    def token(self, size: int) -> bytes:
        return bytes(size)


@pytest.mark.parametrize(
    ("attempt", "ceiling"), [(1, 15.0), (2, 30.0), (3, 60.0), (8, 1920.0), (9, 3600.0), (10_000, 3600.0)]
)
def test_the_ceiling_doubles_up_to_an_hour(attempt: int, ceiling: float) -> None:
    assert full_jitter_seconds(attempt, Loaded(1.0)) == ceiling
    assert full_jitter_seconds(attempt, Loaded(0.5)) == ceiling / 2


def test_nobody_tries_again_within_a_second() -> None:
    assert full_jitter_seconds(1, Loaded(0.0)) == 1.0
    assert full_jitter_seconds(-5_000, Loaded(1.0)) == 1.0


def test_the_real_dice_stay_within_bounds() -> None:
    assert all(1.0 <= full_jitter_seconds(3, SystemChance()) <= 60.0 for _ in range(200))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("0", 1.0),
        ("86401", 86_400.0),
        ("9" * 5_000, 86_400.0),
        ("Mon, 05 Jan 2026 09:31:00 GMT", 60.0),
        ("Mon, 05 Jan 2026 10:31:00 +0100", 60.0),
        ("Mon, 05 Jan 2026 09:31:00 -0000", 60.0),
        ("Monday, 05-Jan-26 09:31:00 GMT", 60.0),
        ("Mon, 05 Jan 2026 09:00:00 GMT", 1.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
    ],
)
def test_seconds_and_dates_are_understood_and_clamped(header: str, seconds: float) -> None:
    assert retry_after_seconds(header, now=NOW) == seconds


@pytest.mark.parametrize(
    "garbage",
    ["", "soon", "-5", "1.5", "\u0661\u0662", "Mon, 99 Jan 2026 99:99:99 GMT", "1e9", "\0", "Mon, 05 Jan 99999 1:1:1"],
)
def test_garbage_is_ignored(garbage: str) -> None:
    assert retry_after_seconds(garbage, now=NOW) is None


@given(
    st.text()
    | st.from_regex(r"(Mon, )?\d{1,6} (Jan|Feb) -?\d{1,12} \d+:\d+(:\d+)? ([+-]\d{1,9}|GMT|Z)", fullmatch=True)
)
@example("Mon, 01 Jan 0001 00:00:00 +2359")
def test_no_header_breaks_the_reader(header: str) -> None:
    seconds = retry_after_seconds(header, now=NOW)
    assert seconds is None or 1.0 <= seconds <= 86_400.0
