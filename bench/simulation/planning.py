"""A plan: the product's own planner in virtual time, and whoever goes on for it; with every wake-up at its instant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from math import ceil
from typing import Any

from bench.simulation.settings import Line
from chalicelib.features.sending.model import ring
from chalicelib.features.sending.model.run import Lane, Run
from chalicelib.features.sending.service import pace
from chalicelib.features.sending.service.plan import launch, wake
from chalicelib.features.sending.service.ports import Ports, Recipient, Tuning
from chalicelib.features.subscriptions.model import Recipient as Row
from infra.cost import assumptions as assumed
from infra.cost import side_by_side
from infra.cost.machine import Processor
from infra.cost.virtual_world import Expenses, Lots, VirtualSwitch, campaign_run

_MESSAGES_A_CALL = 10
_REQUESTS_BEFORE = 1  # whose campaign it is
_REQUESTS_OF_A_SUCCESSOR = 5  # what a look does before it wakes: its entry, its run, the switch, and its next look
_NOBODY: Any = None  # the planner of a run that is ready never speaks to these


@dataclass(frozen=True)
class Wake:
    """Seconds after the planner began; so many at once."""

    at: float
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Leg:
    """One invocation of the planner."""

    seconds: float
    wakes: tuple[Wake, ...]


@dataclass(frozen=True)
class Plan:
    run: Run
    legs: tuple[Leg, ...]
    requests: int
    rows_read: int


@cache
def plan(*, subscribers: int, line: Line, rows_per_batch: int) -> Plan:
    paper = _Paper(Processor(line.machine), subscribers)
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
        persons=_NOBODY,
        tuning=Tuning(rows_per_batch=rows_per_batch),
    )
    side_by_side.run([(paper.clock, _wake_all(ports, paper, time=timedelta(seconds=line.timeout_seconds)))])
    assert paper.run is not None, "a planner writes one"
    return Plan(
        paper.run, tuple(paper.legs), requests=paper.asked.total() - paper.asked["wake"], rows_read=paper.rows_read
    )


async def _wake_all(ports: Ports, paper: _Paper, *, time: timedelta) -> None:
    """The planner, and the looks that go on where the one before had no time left. Each is priced as a planner."""
    await _read(paper, _REQUESTS_BEFORE)
    run = await launch(ports, campaign_run(paper.clock.now()), deadline=paper.clock.now() + time)
    paper.end_leg()
    while pace.has_wakes_left(run):
        deadline = paper.clock.now() + time
        await _read(paper, _REQUESTS_OF_A_SUCCESSOR)
        run = await wake(ports, run, deadline=deadline)
        paper.end_leg()


async def _read(paper: _Paper, times: int) -> None:
    for _ in range(times):
        await paper.ask("get", assumed.DYNAMODB_SECONDS)


class _Paper(Expenses):
    """Everything a planner writes on, in one: runs, calendar, subscribers evenly round the ring, and the lane."""

    def __init__(self, processor: Processor, subscribers: int) -> None:
        super().__init__(processor)
        self.run: Run | None = None
        self.legs: list[Leg] = []
        self.rows_read = 0
        self._wakes: list[Wake] = []
        self._leg_began = 0.0
        self._step = (1 << (8 * ring.KEY_BYTES)) / subscribers

    def end_leg(self) -> None:
        self.legs.append(Leg(self.clock.seconds - self._leg_began, tuple(self._wakes)))
        self._wakes, self._leg_began = [], self.clock.seconds

    async def add(self, _tenant_id: str, run: Run) -> Run:
        await self.ask("add", assumed.DYNAMODB_SECONDS)
        self.run = run
        return run

    async def save(self, _tenant_id: str, run: Run) -> Run:
        await self.ask("save", assumed.DYNAMODB_SECONDS)
        self.run = replace(run, rev=run.rev + 1)
        return self.run

    async def put(self, _run: Run, at: datetime, *, now: datetime) -> datetime:  # noqa: ARG002 -- the port's
        await self.ask("put", assumed.DYNAMODB_SECONDS)
        return at

    async def drop(self, _run: Run, _at: datetime) -> None:
        await self.ask("drop", assumed.DYNAMODB_SECONDS)

    async def read(
        self, _tenant_id: str, _site_id: str, *, start: bytes, end: bytes, limit: int
    ) -> tuple[Sequence[Recipient], bool]:
        first, last = (ceil(int.from_bytes(key) / self._step) for key in (start, end))
        found = [self._row(position) for position in range(first, min(last, first + limit))]
        await self.ask("read", assumed.PAGE_SECONDS)
        self.think(len(found) * assumed.ROW_CPU_SECONDS)
        self.rows_read += len(found)
        return found, last - first > limit

    async def send(self, _lane: Lane, _run: Run, numbers: Iterable[int], *, delay_seconds: int = 0) -> None:
        rest = iter(numbers)
        while chunk := tuple(islice(rest, _MESSAGES_A_CALL)):
            await self.ask("wake", assumed.SQS_SECONDS)
            self._wakes.append(Wake(self.clock.seconds - self._leg_began + delay_seconds, chunk))

    async def look(self, _run: Run) -> None:
        await self.ask("look", assumed.SQS_SECONDS)

    def _row(self, position: int) -> Row:
        key = int(position * self._step).to_bytes(ring.KEY_BYTES)
        return Row(key, is_active=True, active_since=0, key_id="-", external_id=None, packed=b"")
