"""A target: one reader of the product, what strangers may bring to it, and what must hold whatever they bring.

`make fuzz` tries each in a process of its own (`__main__`), because what ends or hangs one is a finding as well; the
fast tests try each with few examples, and with readers that are broken on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy


@dataclass(frozen=True)
class Target:
    """`holds` gets an example and raises when the reader did with it what it must not. Any other error is one, too."""

    name: str
    examples: SearchStrategy[Any]
    holds: Callable[[Any], None]

    def attack(self, most: int, *, phases: Sequence[Phase] = tuple(Phase)) -> int:
        """How many examples were tried, the same ones every time. Raises for the smallest that broke it."""
        tried = 0

        @settings(
            max_examples=most,
            derandomize=True,
            database=None,
            deadline=None,
            phases=phases,
            suppress_health_check=list(HealthCheck),
        )
        @given(self.examples)
        def attempt(example: Any) -> None:
            nonlocal tried
            tried += 1
            self.holds(example)

        attempt()
        return tried
