"""How long Lambda runs for a batch, and what it asks of the stores: the product's own engine in virtual time.

Nothing sleeps. Window, checkpoints, doubt after three seconds, second tries and further wake-ups are the engine's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.features.sending.service.ports import Ports, Tuning
from chalicelib.features.sending.service.work import work
from infra.cost import assumptions as assumed
from infra.cost import side_by_side
from infra.cost.latency import Mix
from infra.cost.machine import Machine, Processor
from infra.cost.virtual_world import (
    Expenses,
    Lots,
    VirtualAlarmClock,
    VirtualAudience,
    VirtualGates,
    VirtualPushes,
    VirtualRecords,
    VirtualSwitch,
)

BATCHES = 400
_TIMEOUT = timedelta(seconds=60)
_MOST_INVOCATIONS = 50
_NOBODY: Any = None  # the worker of a large run's batch never speaks to campaigns


@dataclass(frozen=True)
class Lived:
    """A batch from its first wake-up to its last: how long it was at work each time, and how often it asked what."""

    seconds: tuple[float, ...]
    asked: Counter[str]


@dataclass(frozen=True)
class Averages:
    """Of one batch: the messages that woke it, and its share of the invocations that took them."""

    messages: float
    invocations: float
    seconds: float
    asked: dict[str, float]


def simulate(
    machine: Machine, mix: Mix, *, window: int = Tuning.window, batches: int = BATCHES, at_once: int = 1
) -> Averages:
    """As many different batches of a million's, so many of them side by side."""
    rows = round(assumed.MILLION / assumed.BATCHES_OF_A_MILLION)
    firsts = range(0, batches, at_once)
    seeds = [[str(n) for n in range(first, first + at_once)] for first in firsts]
    return average([live(rows=rows, machine=machine, mix=mix, window=window, seeds=each) for each in seeds])


def average(crews: Sequence[Sequence[Lived]]) -> Averages:
    """The first invocation of a crew is one, and as long as its slowest; whoever comes again comes alone."""
    batches = [batch for crew in crews for batch in crew]
    asked = sum((batch.asked for batch in batches), Counter[str]())
    again = sum(len(batch.seconds) - 1 for batch in batches)
    seconds = sum(max(batch.seconds[0] for batch in crew) for crew in crews)
    return Averages(
        messages=sum(len(batch.seconds) for batch in batches) / len(batches),
        invocations=(len(crews) + again) / len(batches),
        seconds=(seconds + sum(sum(batch.seconds[1:]) for batch in batches)) / len(batches),
        asked={what: times / len(batches) for what, times in asked.items()},
    )


def live(*, rows: int, machine: Machine, mix: Mix, window: int, seeds: Sequence[str]) -> list[Lived]:
    """Batches of so many active subscriptions each, side by side, until nothing is left to wake them for."""
    processor = Processor(machine)
    batches = []
    for seed in seeds:
        expenses, lots = Expenses(processor), Lots(seed)
        batches.append(OneBatch(expenses, VirtualPushes(expenses, mix, lots), lots, rows=rows, window=window))
    live_side_by_side(batches, machine, within=_TIMEOUT)
    return [Lived(tuple(batch.worked_seconds), batch.expenses.asked) for batch in batches]


class OneBatch:
    """`spans` are the times at which it was worked on, and until when."""

    def __init__(self, expenses: Expenses, pushes: VirtualPushes, lots: Lots, *, rows: int, window: int) -> None:
        self.expenses = expenses
        self.spans: list[tuple[float, float]] = []
        self._ports, self._alarm_clock = engine(expenses, pushes, lots, rows=rows, window=window)

    @property
    def is_awaited(self) -> bool:
        return bool(self._alarm_clock.at) and len(self.spans) < _MOST_INVOCATIONS

    @property
    def worked_seconds(self) -> list[float]:
        return [ended - began for began, ended in self.spans]

    async def work(self, within: timedelta) -> None:
        clock = self.expenses.clock
        clock.seconds = began = max(clock.seconds, self._alarm_clock.at.pop(0))
        await work(self._ports, tenant_id="tenant", run_id="run", number=0, deadline=clock.now() + within)
        self.spans.append((began, clock.seconds))


def live_side_by_side(batches: Sequence[OneBatch], machine: Machine, *, within: timedelta) -> None:
    """Their first wake-ups come to one function; later ones, each to a function of its own."""
    side_by_side.run((batch.expenses.clock, batch.work(within)) for batch in batches)
    for batch in batches:
        batch.expenses.processor = Processor(machine)
        while batch.is_awaited:
            side_by_side.run([(batch.expenses.clock, batch.work(within))])


def engine(
    expenses: Expenses, pushes: VirtualPushes, lots: Lots, *, rows: int, window: int
) -> tuple[Ports, VirtualAlarmClock]:
    """One batch's world, and what wakes it."""
    records, alarm_clock = VirtualRecords(expenses), VirtualAlarmClock(expenses)
    stores: Any = records  # narrower than the ports: only what a worker asks
    gates = VirtualGates(expenses)
    ports = Ports(
        runs=stores,
        batches=stores,
        audience=VirtualAudience(expenses, rows),
        channel=pushes,
        wakes=_as_any(alarm_clock),
        calendar=_as_any(alarm_clock),
        campaigns=_NOBODY,
        gates=gates,
        notices=gates,
        switch=VirtualSwitch(expenses),
        clock=expenses.clock,
        chance=lots,
        persons=_NOBODY,
        tuning=Tuning(window=window),
    )
    return ports, alarm_clock


def _as_any(port: object) -> Any:
    return port
