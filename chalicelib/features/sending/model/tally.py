"""What one worker did in one go, for whoever watches all runs together. A run's own figures are in its records.

Kept by the delivery, told once at its end: a worker that is killed tells nothing, and what it did again counts again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.channels.outcome import Verdict
from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.run import Run

MOST_SAMPLES = 64  # of hundreds of pushes: enough for percentiles of many batches, and a short line
_FINAL = (Verdict.ACCEPTED, Verdict.GONE, Verdict.FAILED)


@dataclass
class Sample:
    """Some of all values, evenly spread over the order they came in."""

    values: list[float] = field(default_factory=list)
    _seen: int = 0
    _step: int = 1

    def add(self, value: float) -> None:
        if self._seen % self._step == 0:
            if len(self.values) == MOST_SAMPLES:
                self.values, self._step = self.values[::2], self._step * 2
            self.values.append(value)
        self._seen += 1


@dataclass
class Tally:
    """`outcomes` by what became of each subscription: accepted, gone, failed, later. `push_ms` of the answers.

    `age_seconds`: how late the batch was begun; None when it merely went on.
    """

    outcomes: Counter[Verdict] = field(default_factory=Counter)
    push_ms: Sample = field(default_factory=Sample)
    age_seconds: float | None = None

    def count(self, verdict: Verdict) -> None:
        self.outcomes[verdict] += 1

    @property
    def failed(self) -> int:
        return self.outcomes[Verdict.FAILED]

    @property
    def answered(self) -> int:
        """Those that will not be tried again."""
        return sum(self.outcomes[verdict] for verdict in _FINAL)


def age_seconds(run: Run, batch: Batch, *, now: datetime) -> float | None:
    """Since it was released, or since the time that it waited for. A run that was held back says nothing of us."""
    if run.paused_seconds or run.stops_pushing(now=now) is not None:
        return None
    is_new = not batch.progress.cursor and not batch.progress.passes
    due_at = run.release_at(batch.number) if is_new else batch.next_at
    return None if due_at is None else round(max(0.0, (now - due_at).total_seconds()), 1)
