"""A Lambda function as its memory makes it: how fast it thinks, and what a second of it counts."""

from __future__ import annotations

from dataclasses import dataclass

from infra.cost.assumptions import VCPU_MEGABYTES

_MEGABYTES_PER_GB = 1_024


@dataclass(frozen=True)
class Machine:
    megabytes: int

    def seconds(self, cpu_seconds: float) -> float:
        """Below 1,769 MB there is only a share of a vCPU; above it, one thread gains nothing."""
        return cpu_seconds / min(1.0, self.megabytes / VCPU_MEGABYTES)

    def gb_seconds(self, seconds: float) -> float:
        return seconds * self.megabytes / _MEGABYTES_PER_GB


class Processor:
    """A machine's, for one or for several at once: whoever comes first thinks first, the others wait."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._free_at = 0.0

    def think(self, cpu_seconds: float, *, at: float) -> float:
        """When that is done."""
        self._free_at = max(at, self._free_at) + self._machine.seconds(cpu_seconds)
        return self._free_at
