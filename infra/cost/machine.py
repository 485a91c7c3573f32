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
