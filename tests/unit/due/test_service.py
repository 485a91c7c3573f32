"""The calendar: nothing is written into the past, nothing due is missed, nothing that fails holds up the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.core.clock import minute_of
from chalicelib.core.errors import Unavailable
from chalicelib.features.due.model import WATERMARK_LAG_MINUTES, Entry, Kind
from tests.unit.due.calendar import NOON, Calendar, Entries

MINUTE = timedelta(minutes=1)


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


def put(calendar: Calendar, at: timedelta) -> Entry:
    """By the owner's own way in, at noon."""
    look_at = calendar.due.put(kind=Kind.RUN, tenant_id="ten_a", owner_id="run_a", at=NOON + at, now=NOON)
    return Entry.at_its_minute(Kind.RUN, "ten_a", "run_a", look_at)


def test_an_owner_keeps_the_instant_its_entry_has(calendar: Calendar) -> None:
    entry = put(calendar, timedelta(minutes=3, microseconds=123_456))
    assert entry.at == NOON + timedelta(minutes=3, milliseconds=123)
    assert list(calendar.entries.rows) == [entry]


def test_nothing_is_written_into_a_minute_that_has_passed(calendar: Calendar) -> None:
    assert put(calendar, timedelta(hours=-1)).at == NOON


def test_what_was_put_can_be_dropped_twice(calendar: Calendar) -> None:
    entry = put(calendar, MINUTE)
    for at in (None, entry.at + MINUTE):
        calendar.due.drop(kind=Kind.RUN, tenant_id="ten_a", owner_id="run_a", at=at)
    assert list(calendar.entries.rows) == [entry]
    for _ in range(2):
        calendar.due.drop(kind=Kind.RUN, tenant_id="ten_a", owner_id="run_a", at=entry.at)
    assert not calendar.entries.rows


def test_done_removes_an_entry_where_it_stands_now(calendar: Calendar) -> None:
    moved = replace(put(calendar, MINUTE), minute=minute_of(NOON) + 9)
    calendar.entries.put(moved)
    calendar.due.done(moved)
    assert moved not in calendar.entries.rows


def test_an_entry_speaks_for_the_owner_that_agrees(calendar: Calendar) -> None:
    entry = put(calendar, MINUTE)
    assert calendar.due.settle(entry, look_at=entry.at, now=NOON + timedelta(days=1))
    assert entry in calendar.entries.rows


def test_one_that_disagrees_is_left_for_a_moment_then_dropped(calendar: Calendar) -> None:
    """Its owner may be about to write what it says."""
    entry = put(calendar, MINUTE)
    assert not calendar.due.settle(entry, look_at=None, now=NOON + 2 * MINUTE)
    assert entry in calendar.entries.rows
    assert not calendar.due.settle(entry, look_at=None, now=NOON + 4 * MINUTE)
    assert entry not in calendar.entries.rows


def test_a_tick_sends_what_is_due_to_the_queue_of_its_kind(calendar: Calendar) -> None:
    run, campaign = calendar.add(NOON), calendar.add(NOON, owner="cmp_a", kind=Kind.CAMPAIGN)
    assert calendar.tick(NOON) == 2
    assert {(queue, message.entry, delay) for queue, message, delay in calendar.sent} == {
        ("sweep", run, 0),
        ("plan", campaign, 0),
    }
    assert set(calendar.entries.rows) == {run, campaign}  # they stay until their owners have moved on


def test_what_is_due_within_this_minute_is_sent_with_a_delay(calendar: Calendar) -> None:
    calendar.add(NOON + timedelta(seconds=42))
    calendar.add(NOON + timedelta(seconds=61), owner="run_later")
    assert calendar.tick(NOON) == 1
    assert calendar.sent[0][2] == 42


def test_ticks_may_overlap_and_send_twice(calendar: Calendar) -> None:
    calendar.add(NOON)
    assert (calendar.tick(NOON), calendar.tick(NOON)) == (1, 1)


def test_every_shard_is_read(calendar: Calendar) -> None:
    for number in range(100):
        calendar.add(NOON, owner=f"run_{number}")
    assert calendar.tick(NOON) == 100


def test_the_watermark_starts_five_minutes_back_and_follows(calendar: Calendar) -> None:
    calendar.tick(NOON)
    assert calendar.watermark == -5
    calendar.tick(NOON + 3 * MINUTE)
    assert calendar.watermark == -2


def test_the_watermark_waits_for_a_minute_that_is_not_empty(calendar: Calendar) -> None:
    calendar.tick(NOON)
    entry = calendar.add(NOON)
    calendar.tick(NOON + 8 * MINUTE)
    assert calendar.watermark == -1
    calendar.entries.drop(entry)
    calendar.tick(NOON + 8 * MINUTE)
    assert calendar.watermark == 3


def test_an_unmoved_watermark_is_not_written_again(calendar: Calendar) -> None:
    calendar.tick(NOON)
    calendar.tick(NOON)
    assert len(calendar.entries.raised) == 1


def test_after_an_outage_the_last_minutes_come_first_and_all_are_sent(calendar: Calendar) -> None:
    calendar.tick(NOON)
    old = calendar.add(NOON + MINUTE, owner="run_old")
    new = calendar.add(NOON + 60 * MINUTE, owner="run_new")
    calendar.tick(NOON + 60 * MINUTE)
    assert [message.entry.id for _, message, _ in calendar.sent] == [new.id, old.id]


def test_a_tick_whose_time_is_up_leaves_the_rest_to_the_next(calendar: Calendar) -> None:
    calendar.tick(NOON)
    calendar.add(NOON + 20 * MINUTE)
    assert calendar.tick(NOON + 60 * MINUTE, minutes_it_has=10) == 0
    assert calendar.watermark == 5
    assert calendar.tick(NOON + 60 * MINUTE) == 1


def test_an_entry_that_fails_again_and_again_moves_out_of_the_way(calendar: Calendar) -> None:
    calendar.tick(NOON)
    entry = calendar.add(NOON)
    for minute in range(11):
        calendar.tick(NOON + minute * MINUTE)
    assert len(calendar.sent) == 11
    assert not calendar.alarms
    late = NOON + 11 * MINUTE
    calendar.tick(late)
    moved = replace(entry, minute=minute_of(late) + 5)
    assert calendar.alarms == ["due_entry_late"]
    assert calendar.sent[-1] == ("sweep", moved.message(), 0)
    assert list(calendar.entries.rows) == [moved]
    calendar.tick(late)
    assert calendar.watermark == 6


def test_an_entry_that_cannot_be_moved_stays_where_it_is() -> None:
    class Full(Entries):
        def put(self, _entry: Entry) -> None:
            raise Unavailable

    calendar = Calendar(entries=Full())
    entry = Entry.at_its_minute(Kind.RUN, "ten_a", "run_a", NOON)
    calendar.entries.rows[entry] = None
    calendar.entries.raise_watermark(entry.minute - 1)
    with pytest.raises(Unavailable):
        calendar.tick(NOON + 11 * MINUTE)
    assert list(calendar.entries.rows) == [entry]


def test_a_kind_that_only_newer_code_knows_stays_in_the_calendar(calendar: Calendar) -> None:
    unknown = replace(calendar.add(NOON), kind="webhook")
    calendar.entries.put(unknown)
    assert calendar.tick(NOON) == 2
    assert [queue for queue, _, _ in calendar.sent] == ["sweep"]
    assert unknown in calendar.entries.rows
    calendar.tick(NOON + 11 * MINUTE)
    assert replace(unknown, minute=minute_of(NOON) + 16) in calendar.entries.rows


def test_an_entry_that_only_newer_code_can_read_holds_nobody_but_the_watermark(calendar: Calendar) -> None:
    calendar.tick(NOON)
    known, unknown = calendar.add(NOON), calendar.add(NOON, owner="run_later")
    calendar.entries.unreadable.add(unknown)
    assert calendar.tick(NOON + 8 * MINUTE) == 2
    assert [message.entry for _, message, _ in calendar.sent] == [known]
    calendar.entries.drop(known)
    calendar.tick(NOON + 20 * MINUTE)
    assert unknown in calendar.entries.rows
    assert calendar.watermark == -1


def test_a_watermark_ahead_of_a_clock_that_went_back_stays(calendar: Calendar) -> None:
    calendar.tick(NOON)
    assert calendar.tick(NOON - timedelta(hours=1)) == 0
    assert calendar.watermark == -5


def test_what_the_cheaper_looks_do_not_see_yet_is_found_by_the_last_before_its_minute_is_done_with(
    calendar: Calendar,
) -> None:
    entry = calendar.add(NOON)
    calendar.entries.fresh.add(entry)
    for minutes in range(WATERMARK_LAG_MINUTES):
        assert calendar.tick(NOON + minutes * MINUTE) == 0
        assert calendar.watermark < 0
    assert calendar.tick(NOON + WATERMARK_LAG_MINUTES * MINUTE) == 1
    assert calendar.watermark < 0
