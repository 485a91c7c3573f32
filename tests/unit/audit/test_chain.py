"""The chain of the audit trail: whatever is altered, deleted, moved or cut off, the verifier names the entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.features.audit.model import (
    MONTH_CLOSED,
    Entry,
    Event,
    Fault,
    Place,
    chain,
    genesis,
    seal,
    turn_of_month,
    verify,
    whole_milliseconds,
)

ADA = "ten_ada"
JANUARY = datetime(2026, 1, 31, 23, 59, 58, 123_000, tzinfo=UTC)


def event(number: int, at: datetime = JANUARY) -> Event:
    return Event(ADA, "usr_ada", "site.created", f"site_{number}", f"req_{number}", at)


def a_chain() -> list[Entry]:
    """Three entries in January, a closing one, two in March."""
    entries: list[Entry] = []
    for number in range(1, 4):
        place = Place("202601", number)
        entries.append(chain(event(number), place=place, after=entries[-1] if entries else None))
    entries += turn_of_month(event(4, datetime(2026, 3, 2, tzinfo=UTC)), entries[-1])
    entries.append(chain(event(5, datetime(2026, 3, 3, tzinfo=UTC)), place=Place("202603", 2), after=entries[-1]))
    return entries


def test_an_untouched_chain_is_sound() -> None:
    entries = a_chain()
    assert verify(entries, tenant_id=ADA) is None
    assert verify(entries, tenant_id=ADA, head=entries[-1].hash) is None
    assert verify(entries[4:], tenant_id=ADA, after=entries[3].hash) is None
    assert verify([], tenant_id=ADA) is None
    assert verify([], tenant_id=ADA, head=genesis(ADA)) is None


def test_a_month_that_is_followed_ends_with_an_entry_that_says_by_which() -> None:
    closed, first = a_chain()[3:5]
    assert (closed.place, closed.event.action, closed.event.subject) == (Place("202601", 4), MONTH_CLOSED, "202603")
    assert closed.closes_month
    assert (first.place, first.previous) == (Place("202603", 1), closed.hash)


@pytest.mark.parametrize("position", range(6))
@pytest.mark.parametrize(
    "forge",
    [
        lambda event: replace(event, actor="forged"),
        lambda event: replace(event, action="forged"),
        lambda event: replace(event, subject="forged"),
        lambda event: replace(event, request_id="forged"),
    ],
)
def test_an_altered_entry_is_named(position: int, forge: Callable[[Event], Event]) -> None:
    entries = a_chain()
    entries[position] = replace(entries[position], event=forge(entries[position].event))
    assert verify(entries, tenant_id=ADA) == Fault(entries[position].place, "it was altered")


def test_an_entry_moved_in_time_or_place_is_named() -> None:
    entries = a_chain()
    later = replace(entries[1].event, at=JANUARY + timedelta(milliseconds=1))
    for forged in (replace(entries[1], event=later), replace(entries[1], place=Place("202601", 7))):
        assert verify([entries[0], forged, *entries[2:]], tenant_id=ADA) == Fault(forged.place, "it was altered")


@pytest.mark.parametrize("position", range(5))
def test_a_deleted_entry_is_missed_by_the_next(position: int) -> None:
    entries = a_chain()
    next_place = entries[position + 1].place
    del entries[position]
    assert verify(entries, tenant_id=ADA) == Fault(next_place, "what came before it is missing or was moved")


def test_two_entries_that_changed_places_are_named() -> None:
    entries = a_chain()
    entries[1], entries[2] = entries[2], entries[1]
    assert verify(entries, tenant_id=ADA) == Fault(Place("202601", 3), "what came before it is missing or was moved")


def test_an_altered_entry_with_a_new_hash_is_missed_by_the_next() -> None:
    entries = a_chain()
    forged = replace(entries[1], event=replace(entries[1].event, actor="forged"))
    entries[1] = replace(forged, hash=seal(forged))
    assert verify(entries, tenant_id=ADA) == Fault(Place("202601", 3), "what came before it is missing or was moved")


def test_a_cut_off_end_is_told_by_the_head_known_from_outside() -> None:
    entries = a_chain()
    cut = Fault(Place("202603", 1), "entries after this one are missing")
    assert verify(entries[:-1], tenant_id=ADA, head=entries[-1].hash) == cut


def test_a_gap_that_the_hashes_agree_with_is_named() -> None:
    entries = a_chain()[:1]
    entries.append(chain(event(2), place=Place("202601", 3), after=entries[0]))
    assert verify(entries, tenant_id=ADA) == Fault(Place("202601", 3), "it is not in its place")


def test_another_tenants_chain_is_not_taken_for_ones_own() -> None:
    assert verify(a_chain(), tenant_id="ten_cyd") == Fault(Place("202601", 1), "it belongs to another tenant")
    assert genesis(ADA) != genesis("ten_cyd")


def test_what_is_hashed_never_changes() -> None:
    """A figure from the first day: when this fails, every chain there is would be called forged."""
    entry = chain(event(1), place=Place("202601", 1), after=None)
    assert genesis(ADA) == "77a4d0a8021578d22cb39a845021e25d7c3fcbdd45540743749a648b4f407263"
    assert entry.hash == "4b6c842e24444c4071c2baf473aed9099f3e82a2b7842f2cfba69c9291de44e2"


def test_the_month_of_an_event_is_utc() -> None:
    at = datetime.fromisoformat("2026-02-01T00:30:00+01:00")
    assert event(1, at).month == "202601"
    assert whole_milliseconds(datetime(2026, 1, 1, 0, 0, 0, 1999, tzinfo=UTC)).microsecond == 1000
