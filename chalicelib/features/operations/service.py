"""Whether everything the product stands on answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from chalicelib.core.errors import Unavailable


class Probe(Protocol):
    def __call__(self) -> object:
        """Raises Unavailable when its part does not answer."""
        ...


class Operations:
    def __init__(self, *, probes: Mapping[str, Probe]) -> None:
        self._probes = probes

    def faults(self) -> list[str]:
        return [name for name, probe in self._probes.items() if _is_down(probe)]


def _is_down(probe: Probe) -> bool:
    try:
        probe()
    except Unavailable:
        return True
    return False
