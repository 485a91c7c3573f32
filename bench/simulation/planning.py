"""A planner's invocation: the product's own planner in virtual time, with every wake-up at its instant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from itertools import islice
from math import ceil
from typing import Any

from bench.simulation.settings import Line
from chalicelib.core import drive
from chalicelib.features.sending.model import ring
from chalicelib.features.sending.model.run import Lane, Run
from chalicelib.features.sending.service.plan import launch
from chalicelib.features.sending.service.ports import Ports, Recipient, Tuning
from chalicelib.features.subscriptions.model import Recipient as Row
from infra.cost import assumptions as assumed
from infra.cost.machine import Machine
from infra.cost.virtual_world import Expenses, Lots, VirtualSwitch, campaign_run

_MESSAGES_A_CALL = 10
_REQUESTS_BEFORE = 1  # whose campaign it is
_NOBODY: Any = None  # the planner of a run that is ready never speaks to these


class OutOfTime(Exception):
    """Lambda ends the invocation."""


@dataclass(frozen=True)
class Wake:
    """Seconds after the planner began; so many at once."""

    at: float
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Plan:
    """One invocation of the planner. `run` is None when it did not come to write one."""

    run: Run | None
    seconds: float
    wakes: tuple[Wake, ...]
    is_complete: bool
    requests: int
    rows_read: int


@cache
def plan(*, subscribers: int, line: Line, rows_per_batch: int) -> Plan:
    paper = _Paper(line.machine, line.timeout_seconds, subscribers)
    stores: Any = paper  # narrower than the ports: only what a planner asks
    ports = Ports(
        runs=stores,
        batches=_NOBODY,
        audience=stores,
        channel=_NOBODY,
        wakes=stores,
        calendar=stores,
        campaigns=_NOBODY,
        gates=_NOBODY,
        notices=_NOBODY,
        switch=VirtualSwitch(paper),
        clock=paper.clock,
        chance=Lots(str(subscribers)),
        tuning=Tuning(rows_per_batch=rows_per_batch),
    )
    try:
        for _ in range(_REQUESTS_BEFORE):
            paper.ask("get", assumed.DYNAMODB_SECONDS)
        drive.run(launch(ports, campaign_run(paper.clock.now())))
        is_complete = True
    except OutOfTime:
        is_complete = False
    return Plan(
        run=paper.run,
        seconds=paper.clock.seconds,
        wakes=tuple(paper.wakes),
        is_complete=is_complete,
        requests=paper.asked.total(),
        rows_read=paper.rows_read,
    )


class _Paper(Expenses):
    """Everything a planner writes on, in one: runs, calendar, subscribers evenly round the ring, and the lane."""

    def __init__(self, machine: Machine, timeout_seconds: float, subscribers: int) -> None:
        super().__init__(machine)
        self.run: Run | None = None
        self.wakes: list[Wake] = []
        self.rows_read = 0
        self._timeout_seconds = timeout_seconds
        self._step = (1 << (8 * ring.KEY_BYTES)) / subscribers

    def ask(self, what: str, seconds: float) -> None:
        super().ask(what, seconds)
        if self.clock.seconds > self._timeout_seconds:
            self.clock.seconds = self._timeout_seconds
            raise OutOfTime

    async def add(self, _tenant_id: str, run: Run) -> Run:
        self.ask("add", assumed.DYNAMODB_SECONDS)
        self.run = run
        return run

    async def save(self, _tenant_id: str, run: Run) -> Run:
        self.ask("save", assumed.DYNAMODB_SECONDS)
        self.run = replace(run, rev=run.rev + 1)
        return self.run

    async def put(self, _run: Run, at: datetime, *, now: datetime) -> datetime:  # noqa: ARG002 -- the port's
        self.ask("put", assumed.DYNAMODB_SECONDS)
        return at

    async def drop(self, _run: Run, _at: datetime) -> None:
        self.ask("drop", assumed.DYNAMODB_SECONDS)

    async def read(
        self, _tenant_id: str, _site_id: str, *, start: bytes, end: bytes, limit: int
    ) -> tuple[Sequence[Recipient], bool]:
        first, last = (ceil(int.from_bytes(key) / self._step) for key in (start, end))
        found = [self._row(position) for position in range(first, min(last, first + limit))]
        self.ask("read", assumed.PAGE_SECONDS)
        self.think(len(found) * assumed.ROW_CPU_SECONDS)
        self.rows_read += len(found)
        return found, last - first > limit

    async def send(self, _lane: Lane, _run: Run, numbers: Iterable[int], *, delay_seconds: int = 0) -> None:
        rest = iter(numbers)
        while chunk := tuple(islice(rest, _MESSAGES_A_CALL)):
            self.ask("wake", assumed.SQS_SECONDS)
            self.wakes.append(Wake(self.clock.seconds + delay_seconds, chunk))

    def _row(self, position: int) -> Row:
        key = int(position * self._step).to_bytes(ring.KEY_BYTES)
        return Row(key, is_active=True, active_since=0, key_id="-", external_id=None, packed=b"")
