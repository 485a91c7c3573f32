"""What a push service writes into Retry-After: a wait between a second and a day, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

from hypothesis import strategies as st

from chalicelib.channels.endpoints import Vendor
from chalicelib.channels.webpush.answers import judge
from chalicelib.core import retry
from tests.fuzz.targets.spoiling import spoiled
from tests.fuzz.targets.target import Target

_SECOND, _DAY = 1.0, 86_400.0
_NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
_TEXTS = (
    *("120", "0", "86401", "9" * 13, "-5", "1.5", "1e9", "NaN", "inf", "0x10", "1_000", "", "\u0661\u0662"),
    "Mon, 05 Jan 2026 09:31:00 GMT",
    "Mon, 05 Jan 2026 10:31:00 +0100",
    "Monday, 05-Jan-26 09:31:00 GMT",
    "Mon Jan  5 09:31:00 2026",
    "Mon, 01 Jan 0001 00:00:00 +2359",
    "Fri, 31 Dec 9999 23:59:59 -2359",
)
_PIECES = (
    *"0123456789:-+, .eE\0\r\n\t",
    "9" * 20,
    "GMT",
    "Jan",
    "+9999",
    "-0000",
    "99999",
    "120, 60",
    "\ud800",
    "\u06f5",
)
_numbers = st.integers(0, 10**25)
_zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_dates = st.datetimes(datetime(1000, 1, 1), timezones=_zones)  # noqa: DTZ001 -- Hypothesis adds the zone
_lines = spoiled(_TEXTS, _PIECES) | st.text() | _numbers | _dates

Reader = Callable[..., float | None]


def target(read: Reader = retry.retry_after_seconds) -> Target:
    def holds(example: Any) -> None:
        wish, status, vendor = example
        header = format_datetime(wish) if isinstance(wish, datetime) else str(wish)
        seconds = read(header, now=_NOW)
        assert seconds is None or _SECOND <= seconds <= _DAY  # which no NaN is
        if isinstance(wish, int):
            assert seconds == min(_DAY, max(_SECOND, wish))
        if isinstance(wish, datetime):
            ahead = wish.replace(microsecond=0).timestamp() - _NOW.timestamp()
            assert seconds == min(_DAY, max(_SECOND, ahead))
        outcome = judge(vendor, status, {"retry-after": header}, b"", now=_NOW)
        assert outcome.retry_after_seconds in {None, seconds, _SECOND}

    return Target("retry_after", st.tuples(_lines, st.integers(200, 599), st.sampled_from(Vendor)), holds)
