"""Appending: in order, through races and turns of the month; late when the table is away; exactly once by the queue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.features.audit.model import MONTH_CLOSED, Event, Place, chain, turn_of_month, verify
from chalicelib.features.audit.service.appending import AuditLog
from tests.fakes.audit import MemoryAnchors, MemoryBacklog, MemoryChain, MemoryReadings

ADA = "ten_ada"
JANUARY = datetime(2026, 1, 31, 23, 0, tzinfo=UTC)
FEBRUARY = JANUARY + timedelta(hours=2)


@pytest.fixture
def entries() -> MemoryChain:
    return MemoryChain()


@pytest.fixture
def backlog() -> MemoryBacklog:
    return MemoryBacklog()


@pytest.fixture
def audit(entries: MemoryChain, backlog: MemoryBacklog) -> AuditLog:
    return AuditLog(entries=entries, backlog=backlog, anchors=MemoryAnchors(), readings=MemoryReadings())


def append(audit: AuditLog, number: int, at: datetime = JANUARY, *, tenant_id: str = ADA) -> None:
    audit.append(
        tenant_id=tenant_id,
        actor="usr_ada",
        action="site.created",
        subject=f"site_{number}",
        request_id=f"req_{number}",
        at=at,
    )


def event(number: int, at: datetime = JANUARY) -> Event:
    return Event(ADA, "usr_ada", "site.created", f"site_{number}", f"req_{number}", at)


def subjects(entries: MemoryChain) -> list[str]:
    return [entry.event.subject for entry in entries.of(ADA)]


def test_entries_follow_each_other(audit: AuditLog, entries: MemoryChain, backlog: MemoryBacklog) -> None:
    for number in (1, 2, 3):
        append(audit, number)
    assert subjects(entries) == ["site_1", "site_2", "site_3"]
    assert verify(entries.of(ADA), tenant_id=ADA) is None
    assert backlog.events == []


def test_a_process_that_landed_the_last_entry_does_not_look_for_it(audit: AuditLog, entries: MemoryChain) -> None:
    append(audit, 1)
    entries.down = {"last_of", "newest_month"}
    append(audit, 2)
    append(audit, 3, FEBRUARY)
    assert subjects(entries) == ["site_1", "site_2", "202602", "site_3"]
    assert verify(entries.of(ADA), tenant_id=ADA) is None


def test_a_process_that_has_met_a_thousand_tenants_forgets_them(
    audit: AuditLog, entries: MemoryChain, backlog: MemoryBacklog
) -> None:
    append(audit, 1)
    for number in range(1_000):
        append(audit, number, tenant_id=f"ten_{number}")
    entries.down = {"last_of", "newest_month"}
    append(audit, 2)
    assert (subjects(entries), backlog.events) == (["site_1"], [(event(2), None)])


def test_a_process_that_others_have_overtaken_looks_once_more(entries: MemoryChain, backlog: MemoryBacklog) -> None:
    slow, quick = (
        AuditLog(entries=entries, backlog=backlog, anchors=MemoryAnchors(), readings=MemoryReadings()) for _ in range(2)
    )
    append(slow, 1)
    append(quick, 2)
    append(quick, 3, FEBRUARY)
    append(slow, 4)
    assert subjects(entries) == ["site_1", "site_2", "202602", "site_3", "site_4"]
    assert verify(entries.of(ADA), tenant_id=ADA) is None


def test_what_was_not_heard_of_is_not_remembered(audit: AuditLog, entries: MemoryChain, backlog: MemoryBacklog) -> None:
    append(audit, 1)
    entries.down = {"put's answer"}
    append(audit, 2)
    entries.down = set()
    append(audit, 3)
    assert subjects(entries) == ["site_1", "site_2", "site_3"]
    assert backlog.events == [(event(2), Place("202601", 2))]


def test_a_new_month_links_to_the_last_that_has_entries(audit: AuditLog, entries: MemoryChain) -> None:
    append(audit, 1)
    append(audit, 2, JANUARY + timedelta(days=100))
    assert subjects(entries) == ["site_1", "202605", "site_2"]
    assert verify(entries.of(ADA), tenant_id=ADA) is None


def test_an_event_of_a_past_month_lands_in_the_present_one(audit: AuditLog, entries: MemoryChain) -> None:
    append(audit, 1)
    append(audit, 2, FEBRUARY)
    append(audit, 3, JANUARY)
    append(audit, 4, JANUARY - timedelta(days=90))
    assert [entry.place.month for entry in entries.of(ADA)] == ["202601", "202601", "202602", "202602", "202602"]
    assert verify(entries.of(ADA), tenant_id=ADA) is None


def test_two_at_once_both_land(audit: AuditLog, entries: MemoryChain) -> None:
    append(audit, 1)
    first = entries.of(ADA)[0]
    entries.rivals = [[chain(event(7), place=first.place.next, after=first)]]
    append(audit, 2)
    assert subjects(entries) == ["site_1", "site_7", "site_2"]
    assert verify(entries.of(ADA), tenant_id=ADA) is None


def test_a_month_closed_by_another_in_between_is_not_appended_to(audit: AuditLog, entries: MemoryChain) -> None:
    append(audit, 1)
    entries.rivals = [turn_of_month(event(7, FEBRUARY), entries.of(ADA)[0])]
    append(audit, 2)
    assert [entry.event.action for entry in entries.of(ADA)][1] == MONTH_CLOSED
    assert subjects(entries)[2:] == ["site_7", "site_2"]
    assert verify(entries.of(ADA), tenant_id=ADA) is None


def test_a_chain_that_ends_in_a_closed_month_takes_nothing_in(audit: AuditLog, entries: MemoryChain) -> None:
    append(audit, 1)
    closed, _ = turn_of_month(event(2, FEBRUARY), entries.of(ADA)[0])
    entries.entries[ADA, closed.place] = closed
    with pytest.raises(Unavailable):
        audit.land(event(3), tried=None)


@pytest.mark.parametrize("call", ["last_of", "newest_month"])
def test_a_table_that_does_not_answer_delays_the_entry(
    audit: AuditLog, entries: MemoryChain, backlog: MemoryBacklog, call: str
) -> None:
    entries.down = {call}
    append(audit, 1)
    assert backlog.events == [(event(1), None)]


def test_an_entry_that_may_have_landed_says_where(
    audit: AuditLog, entries: MemoryChain, backlog: MemoryBacklog
) -> None:
    entries.down = {"put's answer"}
    append(audit, 1)
    assert backlog.events == [(event(1), Place("202601", 1))]
    entries.down = set()
    audit.land(*backlog.events[0][:1], tried=backlog.events[0][1])
    assert subjects(entries) == ["site_1"]


def test_an_entry_whose_place_went_to_another_lands_behind_it(audit: AuditLog, entries: MemoryChain) -> None:
    append(audit, 7)
    audit.land(event(1), tried=Place("202601", 1))
    assert subjects(entries) == ["site_7", "site_1"]


def test_a_late_event_lands_once_however_often_it_is_delivered(audit: AuditLog, entries: MemoryChain) -> None:
    for _ in range(3):
        audit.land(event(1), tried=None)
    audit.land(event(2), tried=Place("202601", 9))
    assert subjects(entries) == ["site_1", "site_2"]


def test_a_crowd_that_never_ends_sends_the_entry_to_the_backlog(
    audit: AuditLog, entries: MemoryChain, backlog: MemoryBacklog
) -> None:
    last = None
    for number in range(1, 80):
        last = chain(event(number), place=Place("202601", number), after=last)
        entries.rivals.append([last])
    append(audit, 99)
    assert backlog.events == [(event(99), None)]
    with pytest.raises(Unavailable):
        audit.land(event(99), tried=None)


def test_times_are_whole_milliseconds(audit: AuditLog, entries: MemoryChain) -> None:
    append(audit, 1, JANUARY.replace(microsecond=123_456))
    assert entries.of(ADA)[0].event.at.microsecond == 123_000


def test_a_reading_is_written_down_once_an_hour_for_each_reader(audit: AuditLog, entries: MemoryChain) -> None:
    for actor, minutes in (("usr_a", 0), ("usr_a", 9), ("usr_b", 9), ("usr_a", 61)):
        at = JANUARY - timedelta(hours=5) + timedelta(minutes=minutes)
        audit.note_reading(tenant_id=ADA, actor=actor, what="list_x", subject="site_a", request_id="r", at=at)
    read = [(entry.event.actor, entry.event.facts) for entry in entries.entries.values()]
    assert read == [(actor, {"what": "list_x"}) for actor in ("usr_a", "usr_b", "usr_a")]
