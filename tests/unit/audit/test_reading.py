"""The verifier: whatever somebody does to a chain, it names the first entry that is not as it was; and the list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core.paging import BadCursor
from chalicelib.features.audit.model import (
    MONTH_CLOSED,
    Anchor,
    Entry,
    Event,
    Fault,
    Place,
    Reached,
    chain,
    genesis,
    seal,
    turn_of_month,
)
from chalicelib.features.audit.service.reading import MISSING, NOT_AS_ANCHORED, AuditTrail, Filter
from tests.fakes.audit import MemoryAnchors, MemoryLedger

ADA, CYD = "ten_ada", "ten_cyd"
JANUARY, MARCH = datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
ALL = Filter()


def event(number: int, at: datetime = JANUARY, tenant_id: str = ADA) -> Event:
    facts = {"role": "editor"} if number % 2 else {}
    return Event(tenant_id, "usr_ada", "member.role_changed", f"usr_{number}", f"req_{number}", at, facts)


def a_chain(tenant_id: str = ADA, *, first: int = 1) -> list[Entry]:
    """Three entries in January and the one that closes it, three in March."""
    entries: list[Entry] = []
    for number in range(first, first + 3):
        after = entries[-1] if entries else None
        place = after.place.next if after else Place("202601", 1)
        entries.append(chain(event(number, tenant_id=tenant_id), place=place, after=after))
    entries += turn_of_month(event(first + 3, MARCH, tenant_id), entries[-1])
    for number in (first + 4, first + 5):
        entries.append(chain(event(number, MARCH, tenant_id), place=entries[-1].place.next, after=entries[-1]))
    return entries


def trail(rows: Sequence[Entry | Fault], *anchors: Anchor, more_months: Sequence[str] = ()) -> AuditTrail:
    ledger = MemoryLedger(ADA, rows, more_months=more_months)
    return AuditTrail(ledger=ledger, anchors=MemoryAnchors(*anchors), cursor_secret=lambda: b"secret")


def anchor(entry: Entry) -> Anchor:
    return Anchor(entry.place, entry.hash)


def rebuilt(entries: Sequence[Entry]) -> list[Entry]:
    """Sealed anew by somebody who knows how."""
    made: list[Entry] = []
    for entry in entries:
        previous = made[-1].hash if made else genesis(ADA)
        bare = replace(entry, previous=previous)
        made.append(replace(bare, hash=seal(bare)))
    return made


def altered(entry: Entry, **changes: object) -> Entry:
    return replace(entry, event=replace(entry.event, **changes))  # type: ignore[arg-type]  # whatever a test likes


def test_a_sound_chain_is_intact_and_its_head_is_told() -> None:
    entries = a_chain()
    verdict, cursor = trail(entries, anchor(entries[2]), anchor(entries[-1])).verify(tenant_id=ADA, cursor=None)
    assert (verdict.fault, verdict.is_whole, cursor) == (None, True, None)
    assert (verdict.reached.checked, verdict.reached.last) == (7, Place("202603", 3))
    assert verdict.reached.hash == entries[-1].hash
    assert verdict.anchored == anchor(entries[-1])


def test_a_tenant_without_entries_has_nothing_that_could_be_broken() -> None:
    verdict, cursor = trail([]).verify(tenant_id=ADA, cursor=None)
    assert (verdict.fault, verdict.reached.checked, verdict.reached.last, cursor) == (None, 0, None, None)


Break = Callable[[list[Entry]], Sequence[Entry | Fault]]
BREAKS: dict[str, tuple[Break, Place]] = {
    "altered": (lambda e: [*e[:1], altered(e[1], subject="usr_x"), *e[2:]], Place("202601", 2)),
    "a fact altered": (lambda e: [altered(e[0], facts={"role": "owner"}), *e[1:]], Place("202601", 1)),
    "a fact taken away": (lambda e: [altered(e[0], facts={}), *e[1:]], Place("202601", 1)),
    "a fact added": (lambda e: [*e[:1], altered(e[1], facts={"role": "owner"}), *e[2:]], Place("202601", 2)),
    "altered and sealed": (lambda e: [*rebuilt([altered(e[0], subject="usr_x")]), *e[1:]], Place("202601", 2)),
    "the first deleted": (lambda e: e[1:], Place("202601", 2)),
    "one deleted": (lambda e: [*e[:1], *e[2:]], Place("202601", 3)),
    "a month's end deleted": (lambda e: [*e[:3], *e[4:]], Place("202603", 1)),
    "a month deleted": (lambda e: e[4:], Place("202603", 1)),
    "the last month deleted": (lambda e: e[:4], Place("202603", 1)),
    "swapped": (lambda e: [replace(e[1], place=e[0].place), replace(e[0], place=e[1].place), *e[2:]], Place("202601", 1)),
    "moved along": (lambda e: [*e[:2], replace(e[2], place=Place("202601", 5)), *e[4:]], Place("202601", 5)),
    "inserted": (lambda e: [*e, chain(event(9, MARCH), place=Place("202603", 4), after=e[4])], Place("202603", 4)),
    "a gap, sealed": (lambda e: [*e, chain(event(9, MARCH), place=Place("202603", 5), after=e[-1])], Place("202603", 5)),
    "a month inserted": (lambda e: [*e, chain(event(9), place=Place("202602", 1), after=e[2])], Place("202602", 1)),
    "another tenant's row": (lambda e: [*e[:1], a_chain(CYD)[1], *e[2:]], Place("202601", 2)),
    "what cannot be read": (lambda e: [*e[:2], Fault(e[2].place, "it cannot be read"), *e[3:]], Place("202601", 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKS)
def test_the_first_broken_entry_is_named(name: str) -> None:
    break_it, place = BREAKS[name]
    verdict, cursor = trail(break_it(a_chain())).verify(tenant_id=ADA, cursor=None)
    assert verdict.fault
    assert (verdict.fault.place, cursor) == (place, None)
    assert verdict.reached.last is None or verdict.reached.last < place


def test_what_was_cut_off_at_the_end_is_missed_because_of_the_anchor() -> None:
    entries = a_chain()
    assert trail(entries[:-1]).verify(tenant_id=ADA, cursor=None)[0].fault is None
    cut, _ = trail(entries[:-1], anchor(entries[-1])).verify(tenant_id=ADA, cursor=None)
    assert cut.fault == Fault(Place("202603", 3), MISSING)


def test_a_log_that_is_gone_altogether_is_missed_because_of_the_anchor() -> None:
    gone, _ = trail([], anchor(a_chain()[1])).verify(tenant_id=ADA, cursor=None)
    assert gone.fault == Fault(Place("202601", 1), MISSING)


def test_a_log_that_was_written_anew_is_not_what_was_anchored() -> None:
    entries = a_chain()
    forged = rebuilt([altered(entries[0], actor="usr_x"), *entries[1:]])
    assert trail(forged).verify(tenant_id=ADA, cursor=None)[0].fault is None
    found, _ = trail(forged, anchor(entries[1])).verify(tenant_id=ADA, cursor=None)
    assert found.fault == Fault(Place("202601", 2), NOT_AS_ANCHORED)


def test_of_two_anchors_of_one_place_one_is_a_lie() -> None:
    entries = a_chain()
    lie = Anchor(entries[1].place, "0" * 64)
    found, _ = trail(entries, anchor(entries[1]), lie).verify(tenant_id=ADA, cursor=None)
    assert found.fault == Fault(entries[1].place, NOT_AS_ANCHORED)


def test_a_month_that_is_only_said_to_have_entries_is_missed() -> None:
    found, _ = trail(a_chain(), more_months=["202604"]).verify(tenant_id=ADA, cursor=None)
    assert found.fault == Fault(Place("202604", 1), MISSING)


def test_a_closing_entry_that_leads_back_leads_nowhere() -> None:
    entries = a_chain()[:3]
    closing = Event(ADA, "-", MONTH_CLOSED, "202512", "req_x", JANUARY)
    forged = [*entries, chain(closing, place=entries[-1].place.next, after=entries[-1])]
    found, _ = trail(forged).verify(tenant_id=ADA, cursor=None)
    assert found.fault == Fault(Place("202512", 1), MISSING)


@pytest.mark.parametrize("most", range(1, 8))
def test_a_long_log_is_followed_in_steps_wherever_they_end(most: int) -> None:
    entries, reached, steps = a_chain(), Reached.nothing(ADA), 0
    while not (verdict := trail(entries, anchor(entries[-1])).follow(ADA, reached, most=most)).is_whole:
        reached, steps = verdict.reached, steps + 1
    assert (verdict.fault, verdict.reached.checked, steps) == (None, 7, 7 // most)


def test_a_cursor_goes_on_where_the_last_request_ended() -> None:
    entries: list[Entry] = []
    for number in range(1, 10_003):
        place = Place("202601", number)
        entries.append(chain(event(2), place=place, after=entries[-1] if entries else None))
    rows = MemoryLedger(ADA, entries)
    sure = AuditTrail(ledger=_Paged(rows), anchors=MemoryAnchors(), cursor_secret=lambda: b"secret")
    first, cursor = sure.verify(tenant_id=ADA, cursor=None)
    assert (first.is_whole, first.reached.checked) == (False, 10_000)
    whole, end = sure.verify(tenant_id=ADA, cursor=cursor)
    assert (whole.is_whole, whole.fault, whole.reached.checked, end) == (True, None, 10_002, None)
    with pytest.raises(BadCursor):
        sure.verify(tenant_id=CYD, cursor=cursor)


class _Paged(MemoryLedger):
    """A thousand to a page."""

    def __init__(self, of: MemoryLedger) -> None:
        super().__init__(of.tenant_id, list(of.rows.values()))
        self._sorted = sorted(self.rows)

    def stretch(self, tenant_id: str, place: Place) -> Sequence[Entry | Fault]:
        return [self.rows[each] for each in self._sorted[place.sequence - 1 :][:1000]]


def listed(of: AuditTrail, wanted: Filter = ALL, limit: int = 3) -> list[list[str]]:
    pages, cursor = [], None
    while True:
        page = of.list(tenant_id=ADA, wanted=wanted, limit=limit, cursor=cursor)
        pages.append([f"{entry.place.month}/{entry.place.sequence}" for entry in page.rows])
        cursor = page.position
        if cursor is None:
            return pages


def test_entries_are_listed_newest_first_and_each_once() -> None:
    assert listed(trail(a_chain())) == [
        ["202603/3", "202603/2", "202603/1"],
        ["202601/4", "202601/3", "202601/2"],
        ["202601/1"],
    ]


def test_what_cannot_be_read_is_left_out_of_the_list() -> None:
    entries = a_chain()
    rows: list[Entry | Fault] = [*entries[:-1], Fault(entries[-1].place, "it cannot be read")]
    assert listed(trail(rows), limit=9)[0][0] == "202603/2"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(actor="-"), [["202601/4"]]),
        (Filter(action=MONTH_CLOSED), [["202601/4"]]),
        (Filter(action="member.role_changed", since=MARCH), [["202603/3", "202603/2", "202603/1"]]),
        (Filter(since=MARCH + timedelta(days=1)), [[]]),
        (Filter(until=JANUARY + timedelta(days=1)), [["202601/3", "202601/2", "202601/1"]]),
        (Filter(actor="nobody"), [[]]),
    ],
)
def test_a_list_can_be_narrowed(wanted: Filter, found: list[list[str]]) -> None:
    assert listed(trail(a_chain()), wanted, limit=50) == found


def test_a_page_ends_when_a_thousand_rows_gave_nothing() -> None:
    entries: list[Entry] = []
    for number in range(1, 1003):
        entries.append(chain(event(2), place=Place("202601", number), after=entries[-1] if entries else None))
    pages = listed(trail(entries), Filter(actor="nobody"))
    assert pages == [[], []]
