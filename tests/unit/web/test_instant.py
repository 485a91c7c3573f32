"""Times in bodies: ISO 8601 with an offset, and nothing that only looks like one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.core.errors import Invalid
from chalicelib.web.instant import Instant
from chalicelib.web.schema import Schema, parse


class Meeting(Schema):
    at: Instant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2030-01-31T09:00:00Z", datetime(2030, 1, 31, 9, tzinfo=UTC)),
        ("2030-01-31T09:00Z", datetime(2030, 1, 31, 9, tzinfo=UTC)),
        ("2030-01-31T09:00:00+02:00", datetime(2030, 1, 31, 7, tzinfo=UTC)),
        ("2030-01-31T09:00:00-0530", datetime(2030, 1, 31, 14, 30, tzinfo=UTC)),
        ("2030-01-31T09:00:00.123987Z", datetime(2030, 1, 31, 9, 0, 0, 123_000, tzinfo=UTC)),
    ],
)
def test_a_time_is_told_in_utc_and_whole_milliseconds(said: str, meant: datetime) -> None:
    assert parse(Meeting, b'{"at": "%s"}' % said.encode()).at == meant


@pytest.mark.parametrize(
    "said",
    [
        '"1798000000"',
        "1798000000",
        '"2030-01-31"',
        '"2030-01-31T09:00:00"',
        '"2030-02-30T09:00:00Z"',
        '"2030-01-31 09:00:00Z"',
        '"9999-12-31T23:59:59-14:00"',
        '"0001-01-01T00:00:00+14:00"',
        '"2030-01-31T09:00:00Z\\n"',
        '"tomorrow"',
        "null",
    ],
)
def test_anything_else_is_refused(said: str) -> None:
    with pytest.raises(Invalid):
        parse(Meeting, b'{"at": %s}' % said.encode())
