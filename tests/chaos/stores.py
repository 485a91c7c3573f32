"""The engine's stores in memory, with the conditions of the real ones; every call goes through the simulation."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import Stale
from chalicelib.features.due.model import Entry, Kind
from chalicelib.features.due.service import Due
from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.run import Lane, Run
from tests.chaos.simulation import Call, Simulation, ask

T = TypeVar("T")


@dataclass(frozen=True)
class Subscriber:
    key: bytes
    is_active: bool = True
    active_since: int = 0
    external_id: str | None = None


class _Asks:
    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    async def _ask(self, apply: Callable[[], T]) -> T:
        answer: T = await ask(Call(apply))
        return answer


class Runs(_Asks):
    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation)
        self.rows: dict[str, Run] = {}

    async def get(self, tenant_id: str, run_id: str) -> Run | None:
        return await self._ask(lambda: self.rows.get(f"{tenant_id}/{run_id}"))

    async def add(self, tenant_id: str, run: Run) -> Run:
        return await self._ask(lambda: self.rows.setdefault(f"{tenant_id}/{run.id}", run))

    async def save(self, tenant_id: str, run: Run) -> Run:
        def apply() -> Run:
            place = f"{tenant_id}/{run.id}"
            standing, saved = self.rows[place], replace(run, rev=run.rev + 1)
            if standing.rev != run.rev and standing != saved:
                raise Stale
            self.rows[place] = saved
            return saved

        return await self._ask(apply)


class Batches(_Asks):
    """Records are copied in and out, as bytes would be."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation)
        self.rows: dict[tuple[str, str, int], Batch] = {}

    async def get(self, tenant_id: str, run: Run, number: int) -> Batch | None:
        return await self._ask(lambda: copy.deepcopy(self.rows.get((tenant_id, run.id, number))))

    async def save(self, tenant_id: str, batch: Batch) -> bool:
        written = copy.deepcopy(batch)
        written.rev += 1

        def apply() -> bool:
            place = (tenant_id, batch.run_id, batch.number)
            standing = self.rows.get(place)
            if (standing.rev if standing else 0) != batch.rev:
                return standing == written
            self.rows[place] = copy.deepcopy(written)
            return True

        is_saved = await self._ask(apply)
        if is_saved:
            batch.rev = written.rev
        return is_saved

    async def of_run(self, tenant_id: str, run: Run) -> list[Batch]:
        return await self._ask(
            lambda: [
                copy.deepcopy(batch)
                for (tenant, run_id, _), batch in sorted(self.rows.items())
                if (tenant, run_id) == (tenant_id, run.id)
            ]
        )


class Audience(_Asks):
    PAGE = 23  # smaller than any batch, so that pages are turned

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation)
        self.rows: dict[bytes, Subscriber] = {}

    async def read(
        self, _tenant_id: str, _site_id: str, *, start: bytes, end: bytes, limit: int
    ) -> tuple[Sequence[Subscriber], bool]:
        def apply() -> tuple[list[Subscriber], bool]:
            found = [self.rows[key] for key in sorted(self.rows) if start <= key <= end]
            page = found[: min(limit, self.PAGE)]
            return page, len(page) < len(found)

        return await self._ask(apply)

    async def pick(self, _tenant_id: str, _site_id: str, keys: Sequence[bytes]) -> Sequence[Subscriber]:
        return await self._ask(lambda: [self.rows[key] for key in reversed(keys) if key in self.rows])

    async def bury(self, _tenant_id: str, _site_id: str, *, key: bytes, active_since: int, at: datetime) -> None:
        def apply() -> None:
            row = self.rows[key]
            if row.is_active and row.active_since == active_since:
                assert in_milliseconds(at) >= 0
                self.rows[key] = replace(row, is_active=False)

        await self._ask(apply)


class Entries:
    """The due table."""

    def __init__(self) -> None:
        self.rows: dict[Entry, None] = {}
        self._watermark: int | None = None

    def put(self, entry: Entry) -> None:
        self.rows[entry] = None

    def drop(self, entry: Entry) -> None:
        self.rows.pop(entry, None)

    def of_minute(self, minute: int, shard: int) -> Iterable[Entry]:
        return [entry for entry in self.rows if entry.minute == minute and entry.shard == shard]

    def watermark(self) -> int | None:
        return self._watermark

    def raise_watermark(self, minute: int) -> None:
        self._watermark = max(minute, self._watermark or 0)


class Calendar(_Asks):
    def __init__(self, simulation: Simulation, due: Due) -> None:
        super().__init__(simulation)
        self._due = due

    async def put(self, run: Run, at: datetime, *, now: datetime) -> datetime:
        return await self._ask(
            lambda: self._due.put(kind=Kind.RUN, tenant_id=run.tenant_id, owner_id=run.id, at=at, now=now)
        )

    async def drop(self, run: Run, at: datetime) -> None:
        await self._ask(lambda: self._due.drop(kind=Kind.RUN, tenant_id=run.tenant_id, owner_id=run.id, at=at))

    async def settle(self, entry: Entry, look_at: datetime | None, *, now: datetime) -> bool:
        return await self._ask(lambda: self._due.settle(entry, look_at=look_at, now=now))

    async def done(self, entry: Entry) -> None:
        await self._ask(lambda: self._due.done(entry))


class Wakes(_Asks):
    def __init__(
        self, simulation: Simulation, enqueue: Callable[[Run, int, float], None], look: Callable[[Run], None]
    ) -> None:
        super().__init__(simulation)
        self._enqueue = enqueue
        self._look = look

    async def send(self, _lane: Lane, run: Run, numbers: Iterable[int], *, delay_seconds: int = 0) -> None:
        for number in numbers:
            await self._ask(partial(self._enqueue, run, number, delay_seconds))

    async def look(self, run: Run) -> None:
        await self._ask(lambda: self._look(run))
