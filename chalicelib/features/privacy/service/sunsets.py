"""Ending subscriptions that gave no sign of life for longer than their site waits: the last stage of a nightly round.
They stay tombstones for 30 days, and a visit brings them back.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from chalicelib.features.audit.model import Event
from chalicelib.features.privacy.model import Job, Portion
from chalicelib.features.subscriptions.service.sunset import Walked

ACTION = "subscriptions.sunset"


class Sites(Protocol):
    def sunsets(self, tenant_id: str) -> Iterable[tuple[str, int]]:
        """The sites that do not wait for ever, in the order of their ids, and how many days they do."""
        ...


class Walk(Protocol):
    def walk(self, *, tenant_id: str, site_id: str, days: int, after: bytes | None, now: datetime) -> Walked:
        """A portion of a site's subscriptions."""
        ...


class Trail(Protocol):
    def put(self, event: Event, *, tried: None) -> None:
        """Have it written into the tenant's trail, soon."""
        ...


class Sunsets:
    def __init__(self, *, sites: Sites, sunset: Walk, trail: Trail) -> None:
        self._sites = sites
        self._sunset = sunset
        self._trail = trail

    def end_unseen(self, job: Job, now: datetime) -> Portion:
        """`position` is `<site>#<key>`. Each portion asks anew what a site wants: it may think better of it."""
        at_site, _, at_key = job.position.partition("#")
        left = [found for found in self._sites.sunsets(job.tenant_id) if found[0] >= at_site]
        if not left:
            return Portion()
        site_id, days = left[0]
        after = bytes.fromhex(at_key) if at_key and site_id == at_site else None
        done = self._sunset.walk(tenant_id=job.tenant_id, site_id=site_id, days=days, after=after, now=now)
        if done.ended:
            facts = {"ended": done.ended, "after_days": days}
            self._trail.put(Event(job.tenant_id, "-", ACTION, site_id, job.id, now, facts), tried=None)
        if done.position is not None:
            return Portion(done.ended, f"{site_id}#{done.position.hex()}")
        return Portion(done.ended, f"{left[1][0]}#" if len(left) > 1 else None)
