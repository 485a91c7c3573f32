"""Sightings without AWS."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from chalicelib.core.errors import Unavailable
from chalicelib.features.sightings.model import Sightings


@dataclass
class MemorySightings:
    rows: dict[tuple[str, str], Sightings] = field(default_factory=dict)
    reads: int = 0
    writes: int = 0
    is_away: bool = False

    def get(self, tenant_id: str, site_id: str) -> Sightings:
        if self.is_away:
            raise Unavailable
        self.reads += 1
        return self.rows.get((tenant_id, site_id), Sightings())

    def put(self, tenant_id: str, site_id: str, sightings: Sightings) -> bool:
        self.writes += 1
        if self.rows.get((tenant_id, site_id), Sightings()).rev != sightings.rev:
            return False
        self.rows[tenant_id, site_id] = replace(sightings, rev=sightings.rev + 1)
        return True
