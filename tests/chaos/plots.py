"""The weather the suite is run in, and how to see one seed of it again."""

from __future__ import annotations

from tests.chaos.service import Habits
from tests.chaos.simulation import Faults
from tests.chaos.story import Plot

ROUGH = Habits(throttled=0.05, broken=0.03, unknown=0.005, hanging=0.001)
STORM = Faults(kill=0.01, throttle=0.05, lose_answer=0.05, duplicate_wake=0.05, lose_wake=0.05)
SKEW_SECONDS = 5.0


def storm(subscribers: int) -> Plot:
    return Plot(subscribers=subscribers, faults=STORM, habits=ROUGH, skew_seconds=SKEW_SECONDS)


def replay(seed: int, plot: Plot) -> str:
    return f"python -m tests.chaos --seed {seed} --subscribers {plot.subscribers}"
