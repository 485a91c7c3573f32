"""An entry of the calendar: where it stands, when it is nobody's, and the message it becomes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from chalicelib.core.clock import minute_of
from chalicelib.features.due.model import QUEUES, SHARDS, DueMessage, Entry, Kind

AT = datetime(2026, 3, 1, 12, 0, 30, 500_000, tzinfo=UTC)
ENTRY = Entry.at_its_minute(Kind.RUN, "ten_a", "run_a", AT)


def test_an_entry_stands_in_the_minute_of_its_instant() -> None:
    assert ENTRY.minute == minute_of(AT)
    assert Entry.at_its_minute(Kind.RUN, "t", "r", AT + timedelta(seconds=29)).minute == ENTRY.minute
    assert Entry.at_its_minute(Kind.RUN, "t", "r", AT + timedelta(seconds=30)).minute == ENTRY.minute + 1


def test_shards_are_fixed_and_all_used() -> None:
    """A changed shard would hide what stands in the table already."""
    shards = [replace(ENTRY, id=f"run_{number}").shard for number in range(200)]
    assert set(shards) == set(range(SHARDS))
    assert (ENTRY.shard, replace(ENTRY, tenant_id="ten_b").shard) == (2, 7)


@pytest.mark.parametrize(
    ("look_at", "age", "stale"),
    [
        (AT, timedelta(days=9), False),
        (None, timedelta(minutes=2), False),
        (None, timedelta(minutes=2, seconds=1), True),
        (AT + timedelta(seconds=1), timedelta(minutes=3), True),
        (AT + timedelta(seconds=1), timedelta(minutes=-3), False),
    ],
)
def test_an_entry_is_stale_when_its_owner_has_long_said_otherwise(
    look_at: datetime | None, age: timedelta, *, stale: bool
) -> None:
    assert ENTRY.is_stale(look_at, now=AT + age) is stale


def test_an_entry_is_stuck_after_ten_minutes_in_one_place() -> None:
    assert not ENTRY.is_stuck(now=AT + timedelta(minutes=10))
    assert ENTRY.is_stuck(now=AT + timedelta(minutes=11))
    assert not replace(ENTRY, minute=ENTRY.minute + 6).is_stuck(now=AT + timedelta(minutes=11))


def test_a_message_says_where_the_entry_stands_and_what_was_asked_for() -> None:
    moved = replace(ENTRY, minute=ENTRY.minute + 5)
    body = msgspec.json.encode(moved.message())
    assert msgspec.json.decode(body, type=DueMessage).entry == moved


def test_the_form_of_the_message_is_final() -> None:
    assert msgspec.json.decode(msgspec.json.encode(ENTRY.message())) == {
        "v": 1,
        "kind": "run",
        "tenant": "ten_a",
        "id": "run_a",
        "at": 1772366430500,
        "minute": 29539440,
    }


def test_each_kind_has_its_queue() -> None:
    assert set(QUEUES) == set(Kind)
