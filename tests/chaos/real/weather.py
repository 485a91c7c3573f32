"""The weather of one real seed: what the push services do, and whom the kernel strikes where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.chaos.real.fate import Blow
from tests.chaos.weather import is_gentle

RATES = {
    "gone": 0.05,
    "throttled": 0.05,
    "broken": 0.03,
    "lose_answer": 0.01,
    "reset_stream": 0.01,
    "slow": 0.4,
}
_LOSES_ANSWERS = {"lose_answer", "reset_stream"}
_FREEZES = 0.25  # of the blows to those who deliver and sweep
# About how many steps each has in a run of this size: a blow that never comes is no blow.
_STEPS = {"tick": 100, "plan": 24, "sweep": 30, "send": 60}


@dataclass(frozen=True)
class RealWeather:
    """`ambushes` are the seconds after which a sender is killed from outside, wherever it stands. Who stands still goes
    on when time has passed more than `thaws_after` times: sooner or later than another takes its place.
    """

    subscribers: int
    chaos: dict[str, Any]
    blows: tuple[Blow, ...]
    ambushes: tuple[float, ...]
    thaws_after: int

    @classmethod
    def of(cls, seed: int) -> RealWeather:
        rng = Random(f"real {seed}")
        rates = {name: rate for name, rate in RATES.items() if not (is_gentle(seed) and name in _LOSES_ANSWERS)}
        return cls(
            subscribers=rng.choice([40, 120, 120]),
            chaos={"seed": seed, "rates": rates, "retry_after": ["none", "seconds"]},
            blows=() if is_gentle(seed) else tuple(_blows(rng)),
            ambushes=() if is_gentle(seed) else (rng.uniform(0.2, 1.5),),
            thaws_after=rng.choice([0, 2, 2]),
        )


def _blows(rng: Random) -> Iterator[Blow]:
    for function, most in (("plan", 1), ("sweep", 1), ("send", 2)):
        for _ in range(rng.randint(0 if function == "sweep" else 1, most)):
            yield Blow(function, rng.randint(1, _STEPS[function]), freezes=rng.random() < _FREEZES)
    if rng.random() < 0.3:
        yield Blow("tick", rng.randint(1, _STEPS["tick"]))
