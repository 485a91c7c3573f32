"""Whether everything the product stands on answers, and whether it may send."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from chalicelib.core.errors import Unavailable


class Probe(Protocol):
    def __call__(self) -> object:
        """Raises Unavailable when its part does not answer."""
        ...


class Stops(Protocol):
    """None stands for every tenant."""

    def put(self, tenant_id: str | None, *, at: datetime) -> None:
        """From now on nothing is sent."""
        ...

    def drop(self, tenant_id: str | None) -> None:
        """As if it had not been put."""
        ...

    def has_any(self, tenant_id: str) -> bool:
        """Whether this tenant is stopped, or everyone; may miss the last second."""
        ...


class Operations:
    def __init__(self, *, probes: Mapping[str, Probe], stops: Stops) -> None:
        self._probes = probes
        self._stops = stops

    def faults(self) -> list[str]:
        return [name for name, probe in self._probes.items() if _is_down(probe)]

    def stop_sending(self, *, tenant_id: str | None, now: datetime) -> None:
        """Workers hear of it within seconds; what is on its way arrives."""
        self._stops.put(tenant_id, at=now)

    def start_sending(self, *, tenant_id: str | None) -> None:
        """Runs go on from where they were, at their next look: within a minute or two."""
        self._stops.drop(tenant_id)

    def is_stopped(self, *, tenant_id: str) -> bool:
        return self._stops.has_any(tenant_id)


def _is_down(probe: Probe) -> bool:
    try:
        probe()
    except Unavailable:
        return True
    return False
