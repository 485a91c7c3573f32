"""The weather of one real seed: what the push services do, and whom the kernel strikes where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.chaos.real.fate import Blow
from tests.chaos.weather import is_gentle

_ANSWERED = {"gone": 0.05, "throttled": 0.05, "broken": 0.03, "slow": 0.4}
_RATES = _ANSWERED | {"lose_answer": 0.01, "reset_stream": 0.01}
_FREEZES = 0.25  # of the blows to those who deliver and sweep
# About how many steps each has in a run of this size: a blow that never comes is no blow.
_STEPS = {"tick": 100, "plan": 24, "sweep": 14, "send": 60}
_TICKS_STRUCK = 0.3


@dataclass(frozen=True)
class RealWeather:
    """`ambushes` are the seconds after which a sender is killed from outside, wherever it stands. Who stands still goes
    on when time has passed more than `thaws_after` times: sooner or later than another takes its place.
    """

    subscribers: int
    chaos: Mapping[str, Any]
    blows: tuple[Blow, ...] = ()
    ambushes: tuple[float, ...] = ()
    thaws_after: int = 2

    @classmethod
    def of(cls, seed: int) -> RealWeather:
        rng = Random(f"real {seed}")
        if is_gentle(seed):
            return cls.gentle(seed)
        return cls(
            subscribers=rng.choice([40, 120, 120]),
            chaos=_chaos(seed, _RATES),
            blows=tuple(_blows(rng)),
            ambushes=(rng.uniform(0.2, 1.5),),
            thaws_after=rng.choice([0, 2, 2]),
        )

    @classmethod
    def gentle(cls, seed: int, *blows: Blow) -> RealWeather:
        """Every push is answered: only who is struck can repeat anything."""
        return cls(120, _chaos(seed, _ANSWERED), blows)


def _chaos(seed: int, rates: Mapping[str, float]) -> Mapping[str, Any]:
    return {"seed": seed, "rates": rates, "retry_after": ["none", "seconds"]}


def _blows(rng: Random) -> Iterator[Blow]:
    for function in ("plan", "sweep", *["send"] * rng.randint(1, 2)):
        yield Blow(function, rng.randint(1, _STEPS[function]), freezes=rng.random() < _FREEZES)
    if rng.random() < _TICKS_STRUCK:
        yield Blow("tick", rng.randint(1, _STEPS["tick"]))
