"""Once a day, where a tenant's trail has got to is written down outside its table. The calendar calls."""

from __future__ import annotations

from typing import Protocol

from chalicelib.features.audit.model import Anchor, Reached, Verdict, successor
from chalicelib.features.audit.service.appending import Chain
from chalicelib.features.audit.service.reading import AnchorsKept, AuditTrail

_MOST_CHECKED = 100_000  # in a day; more are anchored without having been looked at again


class AnchorsPut(AnchorsKept, Protocol):
    def put(self, tenant_id: str, anchor: Anchor) -> None:
        """Any number of times."""
        ...


class Alarms(Protocol):
    def __call__(self, event: str, **facts: str | float | None) -> None:
        """Tell whoever is on call."""
        ...


class Anchoring:
    """A forged chain is never anchored: what came since the last anchor is followed from there, and must lead on."""

    def __init__(self, *, entries: Chain, trail: AuditTrail, anchors: AnchorsPut, alarm: Alarms) -> None:
        self._entries = entries
        self._trail = trail
        self._anchors = anchors
        self._alarm = alarm

    def anchor(self, *, tenant_id: str) -> None:
        """Any number of times."""
        verdict = self._since_the_last(tenant_id)
        head = verdict.reached.last
        if verdict.fault:
            place = f"{verdict.fault.place.month}/{verdict.fault.place.sequence}"
            self._alarm("audit_chain_broken", tenant_id=tenant_id, subject=place, reason=verdict.fault.reason)
        elif head is not None:
            self._anchors.put(tenant_id, Anchor(head, verdict.reached.hash))

    def _since_the_last(self, tenant_id: str) -> Verdict:
        kept = self._anchors.of(tenant_id, since="")
        start = Reached.nothing(tenant_id)
        if kept:
            last = kept[-1]
            entry = self._entries.at(tenant_id, last.place)
            if entry is not None and entry.hash == last.hash:
                start = Reached(entry.hash, successor(entry), entry.place)
        return self._trail.follow(tenant_id, start, most=_MOST_CHECKED)
