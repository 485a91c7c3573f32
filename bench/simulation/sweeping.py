"""A look at a run: the product's own sweeper, with the records as they stand in the simulation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.core import drive
from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.gate import Gate
from chalicelib.features.sending.model.run import Lane, Run
from chalicelib.features.sending.service.ports import Ports
from chalicelib.features.sending.service.sweep import _next_wave
from chalicelib.features.sending.service.sweep import look as look_at
from infra.cost.virtual_world import Lots, VirtualClock

_NOBODY: Any = None  # a look sends nothing itself


@dataclass(frozen=True)
class Look:
    """The run as it was left, whom to wake, and when to look again: never, when it is over."""

    run: Run
    wave: tuple[int, ...]
    next_at: datetime | None


def is_wave_due(run: Run, *, at_seconds: float) -> bool:
    """Before that, a look at an unfinished run only says when to look again: there is no need to take it."""
    clock = VirtualClock()
    clock.seconds = at_seconds
    return clock.now() >= _next_wave(run)


def look(run: Run, records: Sequence[Batch], *, at_seconds: float) -> Look:
    desk = _Desk(run, records)
    desk.clock.seconds = at_seconds
    stores: Any = desk  # narrower than the ports: only what a look asks
    ports = Ports(
        runs=stores,
        batches=stores,
        audience=_NOBODY,
        channel=_NOBODY,
        wakes=stores,
        calendar=stores,
        campaigns=stores,
        gates=_NoGates(),
        notices=_NOBODY,
        switch=stores,
        clock=desk.clock,
        chance=Lots("look"),
        persons=_NOBODY,
    )
    drive.run(look_at(ports, run))
    return Look(desk.run, tuple(desk.wave), None if desk.run.is_over else desk.run.look_at)


class _Desk:
    def __init__(self, run: Run, records: Sequence[Batch]) -> None:
        self.clock = VirtualClock()
        self.run = run
        self.wave: list[int] = []
        self._records = records

    async def of_run(self, _tenant_id: str, _run: Run) -> Sequence[Batch]:
        return self._records

    async def save(self, _tenant_id: str, run: Run) -> Run:
        self.run = replace(run, rev=run.rev + 1)
        return self.run

    async def send(self, _lane: Lane, _run: Run, numbers: Iterable[int], **_: object) -> None:
        self.wave.extend(numbers)

    async def put(self, _run: Run, at: datetime, **_: object) -> datetime:
        return at

    async def drop(self, *_: object) -> None:
        """The calendar is the world's."""

    async def finish(self, *_: object, **__: object) -> None:
        """Nobody waits for the news."""

    async def is_stopped(self, _tenant_id: str) -> bool:
        return False


class _NoGates:
    async def of_site(self, *_: object) -> Mapping[str, Gate]:
        return {}

    async def save(self, *_: object) -> Gate:
        raise NotImplementedError("a look closes no gate")
