"""How long Lambda runs for a batch, and what it asks of the stores: the product's own engine in virtual time.

Nothing sleeps. Window, checkpoints, doubt after three seconds, second tries and further wake-ups are the engine's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.core import drive
from chalicelib.features.sending.service.ports import Ports, Tuning
from chalicelib.features.sending.service.work import work
from infra.cost import assumptions as assumed
from infra.cost.latency import Mix
from infra.cost.machine import Machine
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
    """A batch from its first wake-up to its last: how long each invocation ran, and how often what was asked."""

    seconds: tuple[float, ...]
    asked: Counter[str]


@dataclass(frozen=True)
class Averages:
    """Of one batch."""

    invocations: float
    seconds: float
    asked: dict[str, float]


def simulate(machine: Machine, mix: Mix, *, window: int = Tuning.window, batches: int = BATCHES) -> Averages:
    """As many different batches of a million's, one after the other."""
    rows = round(assumed.MILLION / assumed.BATCHES_OF_A_MILLION)
    return average([live(rows=rows, machine=machine, mix=mix, window=window, seed=str(n)) for n in range(batches)])


def average(batches: Sequence[Lived]) -> Averages:
    asked = sum((batch.asked for batch in batches), Counter[str]())
    return Averages(
        invocations=sum(len(batch.seconds) for batch in batches) / len(batches),
        seconds=sum(sum(batch.seconds) for batch in batches) / len(batches),
        asked={what: times / len(batches) for what, times in asked.items()},
    )


def live(*, rows: int, machine: Machine, mix: Mix, window: int, seed: str) -> Lived:
    """One batch of so many active subscriptions, until nothing is left to wake it for."""
    expenses, lots = Expenses(machine), Lots(seed)
    ports, alarm_clock = engine(expenses, VirtualPushes(expenses, mix, lots), lots, rows=rows, window=window)
    seconds: list[float] = []
    while alarm_clock.at and len(seconds) < _MOST_INVOCATIONS:
        expenses.clock.seconds = max(expenses.clock.seconds, alarm_clock.at.pop(0))
        began = expenses.clock.seconds
        deadline = expenses.clock.now() + _TIMEOUT
        drive.run(work(ports, tenant_id="tenant", run_id="run", number=0, deadline=deadline))
        seconds.append(expenses.clock.seconds - began)
    return Lived(tuple(seconds), expenses.asked)


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
        tuning=Tuning(window=window),
    )
    return ports, alarm_clock


def _as_any(port: object) -> Any:
    return port
