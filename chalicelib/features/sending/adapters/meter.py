"""The send path's metrics: a line for each batch that was worked on, and by lane alone, because each metric of each
dimension is paid for.

Two stand without a lane as well, for an alarm that may watch no more than it has to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chalicelib.aws import telemetry
from chalicelib.core.identity import Mode
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.model.tally import Tally

BY_LANE = ("accepted", "gone", "failed", "later", "push_ms", "batch_age_seconds", "duplicates_suppressed")
IN_ALL = ("answered", "failed")


class LaneMeter:
    """Test runs end before the socket: they say nothing of push services."""

    def delivered(self, run: Run, tally: Tally) -> None:
        if run.mode is Mode.LIVE:
            telemetry.measure(by_lane(tally), in_all(tally), lane=run.lane.value)

    def suppressed(self, run: Run) -> None:
        if run.mode is Mode.LIVE:
            telemetry.count("duplicates_suppressed", lane=run.lane.value)


def by_lane(tally: Tally) -> Mapping[str, Sequence[float]]:
    """A zero would be paid for like any other figure."""
    age = [] if tally.age_seconds is None else [tally.age_seconds]
    counts = {verdict.value: [count] for verdict, count in tally.outcomes.items()}
    return {**counts, "push_ms": tally.push_ms.values, "batch_age_seconds": age}


def in_all(tally: Tally) -> Mapping[str, float]:
    """Both or neither: the one is divided by the other."""
    return {"answered": tally.answered, "failed": tally.failed} if tally.answered else {}
