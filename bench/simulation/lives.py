"""What a batch does once a worker has it: the product's own engine in virtual time, each step with its instant.

A life is lived untroubled but for those beside it in the same function, who think with the same processor; what
queues, cold starts and hot partitions add to it, the world adds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from math import ceil, inf

from bench.simulation import limits
from bench.simulation.tables import Place, Use
from chalicelib.channels.outcome import Outcome, Verdict
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.service.ports import Recipient
from infra.cost.batch_simulation import OneBatch, live_side_by_side
from infra.cost.dynamo_units import READ_BYTES
from infra.cost.latency import Mix
from infra.cost.machine import Machine, Processor
from infra.cost.virtual_world import Expenses, Lots, VirtualPushes

LIVES = 100  # different ones of each kind; which batch has which is drawn
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

    def __init__(self, processor: Processor) -> None:
        super().__init__(processor)
        self.steps: list[tuple[float, str]] = []

    async def ask(self, what: str, seconds: float) -> None:
        await super().ask(what, seconds)
        self.steps.append((self.clock.seconds, what))


class TracedPushes(VirtualPushes):
    """Also when each push left, and when a push service had the last word."""

    def __init__(self, trace: Trace, mix: Mix, lots: Lots) -> None:
        super().__init__(trace, mix, lots)
        self._trace = trace
        self.left_at: list[float] = []
        self.answered_at: list[float] = []

    @property
    def times(self) -> tuple[list[float], list[float]]:
        return self.left_at, self.answered_at

    @property
    def steps(self) -> Sequence[tuple[float, str]]:
        """All requests of the same batch."""
        return self._trace.steps

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


@dataclass(frozen=True)
class Kind:
    """What lives of the same batches have in common. So many have their first shift `side_by_side`."""

    rows: int
    machine: Machine
    window: int
    timeout_seconds: float
    mix: Mix
    side_by_side: int = 1


class Pool:
    """So many of a kind, each lived when it is first drawn: some kinds are hardly ever asked for."""

    def __init__(self, kind: Kind, count: int) -> None:
        self._kind = kind
        self._count = count
        self._lived: dict[int, Life] = {}

    def draw(self, lot: float) -> Life:
        """For a lot in [0, 1)."""
        number = int(lot * self._count)
        if number not in self._lived:
            self._live_crew(number - number % self._kind.side_by_side)
        return self._lived[number]

    def _live_crew(self, first: int) -> None:
        numbers = range(first, first + self._kind.side_by_side)
        found = live(self._kind, seeds=[f"{self._kind.rows}/{number}" for number in numbers])
        self._lived.update(zip(numbers, found, strict=True))


pool = cache(Pool)


def live(kind: Kind, *, seeds: Sequence[str]) -> list[Life]:
    """Those of one function."""
    processor = Processor(kind.machine)
    batches, all_pushes = [], []
    for seed in seeds:
        trace, lots = Trace(processor), Lots(seed)
        pushes = TracedPushes(trace, kind.mix, lots)
        batches.append(OneBatch(trace, pushes, lots, rows=kind.rows, window=kind.window))
        all_pushes.append(pushes)
    live_side_by_side(batches, kind.machine, within=timedelta(seconds=kind.timeout_seconds))
    return [
        Life(tuple(_shifts(batch.spans, pushes, rows=kind.rows)))
        for batch, pushes in zip(batches, all_pushes, strict=True)
    ]


def _shifts(spans: Sequence[tuple[float, float]], pushes: TracedPushes, *, rows: int) -> Iterator[Shift]:
    nexts = [began for began, _ in spans[1:]] + [inf]
    for (began, ended), then in zip(spans, nexts, strict=True):
        left, answered = ([at - began for at in times if began <= at <= ended] for times in pushes.times)
        steps = [(at - began, what) for at, what in pushes.steps if began < at <= ended]
        yield Shift(
            seconds=ended - began,
            rests=then - ended,
            first_push=min(left, default=inf),
            last_answer=max(answered, default=-inf),
            pushes=len(left),
            uses=tuple(_uses(steps, rows=rows)),
            asked=Counter(what for _, what in steps),
        )


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
