"""Anchors: planned by a day's first entry, put when the day is over, and never for a chain that does not lead on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.features.audit.model import Anchor, Entry, Fault, Place, chain
from chalicelib.features.audit.service.anchoring import Anchoring
from chalicelib.features.audit.service.appending import AuditLog
from chalicelib.features.audit.service.reading import AuditTrail
from tests.fakes.audit import MemoryAnchors, MemoryBacklog, MemoryChain, MemoryLedger, MemoryReadings
from tests.unit.audit.test_reading import ADA, JANUARY, a_chain, altered, anchor, event, rebuilt


def anchored(rows: Sequence[Entry | Fault], *before: Anchor) -> tuple[list[Anchor], list[str]]:
    anchors, alarms, entries = MemoryAnchors(*before), list[str](), MemoryChain()

    def alarm(event: str, **facts: str | float | None) -> None:
        alarms.append(f"{event} {facts['subject']}")

    entries.entries = {(ADA, row.place): row for row in rows if isinstance(row, Entry)}
    trail = AuditTrail(ledger=MemoryLedger(ADA, rows), anchors=anchors, cursor_secret=lambda: b"secret")
    Anchoring(entries=entries, trail=trail, anchors=anchors, alarm=alarm).anchor(tenant_id=ADA)
    return anchors.anchors[len(before) :], alarms


def test_a_head_is_anchored() -> None:
    entries = a_chain()
    assert anchored(entries) == ([anchor(entries[-1])], [])
    assert anchored(entries, anchor(entries[3])) == ([anchor(entries[-1])], [])
    assert anchored(entries, anchor(entries[-1])) == ([anchor(entries[-1])], [])


def test_where_nothing_is_nothing_is_anchored() -> None:
    assert anchored([]) == ([], [])


@pytest.mark.parametrize("known", [0, 2, 6])
def test_a_chain_that_was_forged_since_is_not_anchored_but_alarmed(known: int) -> None:
    entries = a_chain()
    forged = rebuilt([altered(entries[0], actor="usr_x"), *entries[1:]])
    place = entries[known].place
    assert anchored(forged, anchor(entries[known])) == ([], [f"audit_chain_broken {place.month}/{place.sequence}"])


def test_a_chain_that_was_cut_off_is_not_anchored_but_alarmed() -> None:
    entries = a_chain()
    assert anchored(entries[:5], anchor(entries[-1])) == ([], ["audit_chain_broken 202603/2"])


def test_an_old_fault_is_not_looked_for_every_day() -> None:
    entries = a_chain()
    broken = [replace(entries[0], hash="0" * 64), *entries[1:]]
    assert anchored(broken, anchor(entries[2])) == ([anchor(entries[-1])], [])


def test_a_days_first_entry_plans_the_days_anchor() -> None:
    entries, anchors = MemoryChain(), MemoryAnchors()
    log = AuditLog(entries=entries, backlog=MemoryBacklog(), anchors=anchors, readings=MemoryReadings())
    for hours in (0, 1, 25, 26):
        at = JANUARY + timedelta(hours=hours)
        log.append(tenant_id=ADA, actor="usr_ada", action="site.created", subject="s", request_id=f"r{hours}", at=at)
    assert sorted(anchors.planned) == [(ADA, "2026-01-30"), (ADA, "2026-01-31")]
    anchors.planned.clear()
    log.append(tenant_id=ADA, actor="usr_ada", action="site.created", subject="s", request_id="late", at=JANUARY)
    assert anchors.planned == set()


def test_a_late_entry_plans_an_anchor_again() -> None:
    entries, anchors = MemoryChain(), MemoryAnchors()
    first = chain(event(1, JANUARY + timedelta(days=1)), place=Place("202601", 1), after=None)
    entries.put([first])
    AuditLog(entries=entries, backlog=MemoryBacklog(), anchors=anchors, readings=MemoryReadings()).land(
        event(2), tried=None
    )
    assert anchors.planned == {(ADA, "2026-01-30")}
