"""What a batch does once a worker has it: the product's own engine in virtual time, each step with its instant.

A life is lived alone and untroubled; what queues, cold starts and hot partitions add to it, the world adds.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from math import ceil, inf

from bench.simulation import limits
from bench.simulation.tables import Place, Use
from chalicelib.channels.outcome import Outcome, Verdict
from chalicelib.core import drive
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.service.ports import Recipient
from chalicelib.features.sending.service.work import work
from infra.cost.batch_simulation import engine
from infra.cost.dynamo_units import READ_BYTES
from infra.cost.latency import Mix
from infra.cost.machine import Machine
from infra.cost.virtual_world import Expenses, Lots, VirtualPushes

LIVES = 100  # different ones of each kind; which batch has which is drawn
_MOST_SHIFTS = 50
_PLACES = {
    "read": Place.SUBS,
    "picked": Place.SUBS,
    "bury": Place.SUBS,
    "save": Place.RECORD,
    "get": Place.RUN,
    "put": Place.RUN,
    "drop": Place.RUN,
    "gates": Place.GATES,
    "gate": Place.GATES,
    "switch": Place.SWITCH,
}
_WRITES = frozenset({"save", "bury", "gate"})


@dataclass(frozen=True)
class Shift:
    """One invocation. Seconds count from its own beginning; `rests` is the time until the next shift begins."""

    seconds: float
    rests: float
    first_push: float
    last_answer: float
    pushes: int
    uses: tuple[Use, ...]
    asked: Counter[str]


@dataclass(frozen=True)
class Life:
    shifts: tuple[Shift, ...]

    @property
    def pushes(self) -> int:
        return sum(shift.pushes for shift in self.shifts)


class Trace(Expenses):
    """Also when each request was made."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self.steps: list[tuple[float, str]] = []

    def ask(self, what: str, seconds: float) -> None:
        super().ask(what, seconds)
        self.steps.append((self.clock.seconds, what))


class TracedPushes(VirtualPushes):
    """Also when each push left, and when a push service had the last word."""

    def __init__(self, trace: Trace, mix: Mix, lots: Lots) -> None:
        super().__init__(trace, mix, lots)
        self._trace = trace
        self.left_at: list[float] = []
        self.answered_at: list[float] = []

    async def open(self, run: Run) -> TracedPushes:
        await super().open(run)
        return self

    def start(self, recipient: Recipient) -> str:
        host = super().start(recipient)
        self.left_at.append(self._trace.clock.seconds)
        return host

    async def outcomes(self, wait_seconds: float) -> Sequence[tuple[bytes, Outcome]]:
        found = await super().outcomes(wait_seconds)
        if any(outcome.verdict is not Verdict.UNKNOWN for _, outcome in found):
            self.answered_at.append(self._trace.clock.seconds)
        return found


@cache
def lives(*, rows: int, machine: Machine, window: int, timeout_seconds: float, mix: Mix, count: int) -> Sequence[Life]:
    return [
        live(rows=rows, machine=machine, window=window, timeout_seconds=timeout_seconds, mix=mix, seed=f"{rows}/{n}")
        for n in range(count)
    ]


def live(*, rows: int, machine: Machine, window: int, timeout_seconds: float, mix: Mix, seed: str) -> Life:
    trace, lots = Trace(machine), Lots(seed)
    pushes = TracedPushes(trace, mix, lots)
    ports, alarm_clock = engine(trace, pushes, lots, rows=rows, window=window)
    spans: list[tuple[float, float]] = []
    while alarm_clock.at and len(spans) < _MOST_SHIFTS:
        trace.clock.seconds = max(trace.clock.seconds, alarm_clock.at.pop(0))
        began = trace.clock.seconds
        deadline = trace.clock.now() + timedelta(seconds=timeout_seconds)
        drive.run(work(ports, tenant_id="tenant", run_id="run", number=0, deadline=deadline))
        spans.append((began, trace.clock.seconds))
    return Life(tuple(_shifts(spans, trace, pushes, rows=rows)))


def _shifts(spans: Sequence[tuple[float, float]], trace: Trace, pushes: TracedPushes, *, rows: int) -> Iterator[Shift]:
    nexts = [began for began, _ in spans[1:]] + [inf]
    for (began, ended), then in zip(spans, nexts, strict=True):
        left, answered = ([at - began for at in times if began <= at <= ended] for times in _times(pushes))
        steps = [(at - began, what) for at, what in trace.steps if began < at <= ended]
        yield Shift(
            seconds=ended - began,
            rests=then - ended,
            first_push=min(left, default=inf),
            last_answer=max(answered, default=-inf),
            pushes=len(left),
            uses=tuple(_uses(steps, rows=rows)),
            asked=Counter(what for _, what in steps),
        )


def _times(pushes: TracedPushes) -> tuple[list[float], list[float]]:
    return pushes.left_at, pushes.answered_at


def _uses(steps: Iterable[tuple[float, str]], *, rows: int) -> Iterator[Use]:
    """Added up second by second. All rows of a batch are weighed by its pages, which are of equal size."""
    pages = max(1, sum(what == "read" for _, what in steps))
    page_units = ceil(rows * limits.SUBSCRIPTION_BYTES / READ_BYTES / pages)
    found: dict[tuple[int, Place], list[float]] = {}
    for at, what in steps:
        if place := _PLACES.get(what):
            units = found.setdefault((int(at), place), [0.0, 0.0])
            units[what in _WRITES] += page_units if what == "read" else 1.0
    for (second, place), (reads, writes) in found.items():
        yield Use(second, place, reads, writes)


def draw(pool: Sequence[Life], rng: random.Random) -> Life:
    return pool[rng.randrange(len(pool))]
