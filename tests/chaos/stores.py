"""The engine's stores in memory, with the conditions of the real ones; every call goes through the simulation."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import UserDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import Stale, Unavailable
from chalicelib.features.campaigns.model import Campaign
from chalicelib.features.due.model import Entry, Kind, Move
from chalicelib.features.due.service import Due
from chalicelib.features.sending.model.batch import Batch, Progress
from chalicelib.features.sending.model.gate import Gate
from chalicelib.features.sending.model.run import Lane, Run
from tests.chaos.simulation import Call, Simulation, ask

T = TypeVar("T")
HOST = "push.example"
Place = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Subscriber:
    key: bytes
    is_active: bool = True
    active_since: int = 0
    external_id: str | None = None
    host: str = HOST


class _Asks:
    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    async def _ask(self, apply: Callable[[], T]) -> T:
        answer: T = await ask(Call(apply))
        return answer


class Runs(_Asks):
    """`entries` is the due table; `replacing` writes a campaign IF its `rev` is unchanged, or raises Stale."""

    def __init__(
        self,
        simulation: Simulation,
        entries: Entries | None = None,
        replacing: Callable[[Campaign], Campaign] = lambda campaign: campaign,
    ) -> None:
        super().__init__(simulation)
        self.rows: dict[str, Run] = {}
        self._entries = Entries() if entries is None else entries
        self.replacing = replacing
        self.on_save: Callable[[Run], None] = lambda _run: None

    async def get(self, tenant_id: str, run_id: str) -> Run | None:
        return await self._ask(lambda: self.rows.get(f"{tenant_id}/{run_id}"))

    async def add(self, tenant_id: str, run: Run) -> Run:
        def apply() -> Run:
            place = f"{tenant_id}/{run.id}"
            if place not in self.rows:
                self.rows[place] = run
                self._entries.move(Move(Kind.RUN, tenant_id, run.id, None, run.look_at))
                self.on_save(run)
            return self.rows[place]

        return await self._ask(apply)

    async def save(self, tenant_id: str, run: Run) -> Run:
        return await self._ask(lambda: self._save(f"{tenant_id}/{run.id}", run))

    async def turn(
        self, tenant_id: str, run: Run, campaign: Campaign, *, looked_at: datetime | None
    ) -> tuple[Run, Campaign]:
        def apply() -> tuple[Run, Campaign]:
            place = f"{tenant_id}/{run.id}"
            if self._changed(place, run) == self.rows[place]:
                return self.rows[place], replace(campaign, rev=campaign.rev + 1)  # a try of ours had arrived
            if self.rows[place].rev != run.rev:
                raise Stale
            owner = self.replacing(campaign)
            self._entries.move(Move(Kind.RUN, tenant_id, run.id, looked_at, run.look_at))
            return self._save(place, run), owner

        return await self._ask(apply)

    def _save(self, place: str, run: Run) -> Run:
        standing, saved = self.rows[place], self._changed(place, run)
        if standing.rev != run.rev and standing != saved:
            raise Stale
        self.rows[place] = saved
        self.on_save(saved)
        return saved

    def _changed(self, place: str, run: Run) -> Run:
        """What it says, and until when, is written once."""
        standing = self.rows[place]
        return replace(run, order=standing.order, expires_at=standing.expires_at, rev=run.rev + 1)


class Batches(_Asks):
    """Records are copied in and out, as bytes would be. Refuses whoever writes from an older one: it is fenced."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation)
        self.rows: dict[Place, Batch] = {}
        self.on_claim: Callable[[Batch], None] = lambda _batch: None
        self.on_release: Callable[[Batch], None] = lambda _batch: None

    async def get(self, tenant_id: str, run: Run, number: int) -> Batch | None:
        return await self._ask(lambda: _copy(self.rows.get((tenant_id, run.id, number))))

    async def save(self, tenant_id: str, batch: Batch) -> bool:
        written = _copied(batch)
        written.rev += 1
        place = (tenant_id, batch.run_id, batch.number)

        def apply() -> bool:
            standing = self.rows.get(place)
            if (standing.rev if standing else 0) != batch.rev:
                return standing == written or self._fence(place)
            self.rows[place] = written
            self._holds(place, written)
            return True

        is_saved = await self._ask(apply)
        if is_saved:
            batch.rev = written.rev
        return is_saved

    async def of_run(self, tenant_id: str, run: Run) -> list[Batch]:
        return await self._ask(
            lambda: [
                _copied(batch)
                for (tenant, run_id, _), batch in sorted(self.rows.items(), key=lambda row: row[0])
                if (tenant, run_id) == (tenant_id, run.id)
            ]
        )

    def _holds(self, place: Place, written: Batch) -> None:
        actor = self._simulation.acting
        if actor is not None and actor.holds != place:
            actor.holds = place
            self.on_claim(written)
        elif not written.owner:
            self.on_release(written)

    def _fence(self, place: Place) -> bool:
        """One that never held it has only come too late."""
        actor = self._simulation.acting
        if actor is not None and actor.holds == place and not actor.is_fenced:
            actor.is_fenced = True
            self._simulation.tally.zombies += 1
        return False


def _copy(batch: Batch | None) -> Batch | None:
    return _copied(batch) if batch else None


def _copied(batch: Batch) -> Batch:
    progress = batch.progress
    return replace(
        batch,
        progress=Progress(
            progress.cursor,
            progress.is_read,
            progress.passes,
            dict(progress.counts),
            dict(progress.in_doubt),
            {wait: dict(keys) for wait, keys in progress.later.items()},
            {host: list(graves) for host, graves in progress.gone.items()},
            {host: list(sums) for host, sums in progress.hosts.items()},
        ),
    )


class Gates(_Asks):
    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation)
        self.rows: dict[tuple[str, str], dict[str, Gate]] = {}
        self._a_second_ago: tuple[float, dict[str, Gate]] = (-1.0, {})

    async def of_site(self, tenant_id: str, site_id: str) -> Mapping[str, Gate]:
        return await self._ask(lambda: self._seen((tenant_id, site_id)))

    def _seen(self, site: tuple[str, str]) -> Mapping[str, Gate]:
        """A read that is not consistent may miss the last second."""
        simulation = self._simulation
        changed_at, before = self._a_second_ago
        if simulation.seconds - changed_at < 1.0 and simulation.rng.random() < simulation.faults.stale_read:
            return before
        return dict(self.rows.get(site, {}))

    async def save(self, tenant_id: str, site_id: str, gate: Gate) -> Gate:
        def apply() -> Gate:
            gates, saved = self.rows.setdefault((tenant_id, site_id), {}), replace(gate, rev=gate.rev + 1)
            standing = gates.get(gate.host)
            if (standing.rev if standing else 0) != gate.rev and standing != saved:
                raise Stale
            self._a_second_ago = (self._simulation.seconds, dict(gates))
            gates[gate.host] = saved
            return saved

        return await self._ask(apply)


class Switch(_Asks):
    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation)
        self.is_off = False

    async def is_stopped(self, _tenant_id: str) -> bool:
        return await self._ask(lambda: self.is_off)


class Notices:
    def __init__(self) -> None:
        self.told: list[Gate] = []
        self.written: list[Gate] = []

    async def changed(self, _run: Run, _before: Gate, after: Gate) -> None:
        self.told.append(after)

    async def write(self, _run: Run, gates: Sequence[Gate]) -> None:
        self.written += gates


class Ring(UserDict[bytes, Subscriber]):
    """Rows by key, and their keys in order."""

    def __init__(self) -> None:
        self.order: list[bytes] = []
        super().__init__()

    def __setitem__(self, key: bytes, row: Subscriber) -> None:
        if key not in self.data:
            insort(self.order, key)
        self.data[key] = row

    def __delitem__(self, key: bytes) -> None:
        del self.data[key]
        self.order.remove(key)

    def between(self, start: bytes, end: bytes) -> list[bytes]:
        return self.order[bisect_left(self.order, start) : bisect_right(self.order, end)]


@dataclass(frozen=True, slots=True)
class Reading:
    """A stretch of the ring, as somebody saw it then."""

    start: bytes
    end: bytes
    seconds: float


class Audience(_Asks):
    PAGE = 23  # smaller than any batch, so that pages are turned

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation)
        self.rows = Ring()
        self.readings: list[Reading] = []
        self.buried: dict[bytes, float] = {}
        self.misfits: set[bytes] = set()
        self.on_burial: Callable[[Subscriber], None] = lambda _row: None

    async def read(
        self, _tenant_id: str, _site_id: str, *, start: bytes, end: bytes, limit: int
    ) -> tuple[Sequence[Subscriber], bool]:
        return await self._ask(lambda: self._page(start, end, min(limit, self.PAGE)))

    def _page(self, start: bytes, end: bytes, limit: int) -> tuple[list[Subscriber], bool]:
        order, rows = self.rows.order, self.rows.data
        first = bisect_left(order, start)
        keys = order[first : first + limit + 1]
        while keys and keys[-1] > end:
            keys.pop()
        more = len(keys) > limit
        page = [rows[key] for key in keys[:limit]]
        self.readings.append(Reading(start, page[-1].key if more else end, self._simulation.seconds))
        return page, more

    async def pick(self, _tenant_id: str, _site_id: str, keys: Sequence[bytes]) -> Sequence[Subscriber]:
        return await self._ask(lambda: [self.rows[key] for key in reversed(keys) if key in self.rows])

    async def bury(self, _tenant_id: str, _site_id: str, *, key: bytes, active_since: int, at: datetime) -> None:
        def apply() -> None:
            row = self.rows[key]
            if row.is_active and row.active_since == active_since:
                assert in_milliseconds(at) >= 0
                self.on_burial(row)
                self.buried[key] = self._simulation.seconds
                self.rows[key] = replace(row, is_active=False)

        await self._ask(apply)

    async def note_misfit(self, _tenant_id: str, _site_id: str, *, key: bytes, active_since: int) -> None:
        def apply() -> None:
            if self.rows[key].active_since == active_since:
                self.misfits.add(key)

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

    def move(self, move: Move) -> None:
        if move.entering is not None:
            self.put(move.entering)
        if move.leaving is not None:
            self.drop(move.leaving)

    def of_minute(self, minute: int, shard: int, *, for_good: bool) -> Iterable[Entry]:
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
    """Ten to a call; one that fails is tried again at once, as the SDK does."""

    _AT_ONCE = 10
    _TRIES = 3

    def __init__(
        self, simulation: Simulation, enqueue: Callable[[Run, int, float], None], look: Callable[[Run], None]
    ) -> None:
        super().__init__(simulation)
        self._enqueue = enqueue
        self._look = look

    async def send(self, _lane: Lane, run: Run, numbers: Iterable[int], *, delay_seconds: int = 0) -> None:
        left = list(numbers)
        while left:
            await self._send_ten(run, left[: self._AT_ONCE], delay_seconds)
            left = left[self._AT_ONCE :]

    async def look(self, run: Run) -> None:
        await self._ask(lambda: self._look(run))

    async def _send_ten(self, run: Run, numbers: Sequence[int], delay_seconds: int) -> None:
        def apply() -> None:
            for number in numbers:
                self._enqueue(run, number, delay_seconds)

        for _ in range(self._TRIES - 1):
            with suppress(Unavailable):
                return await self._ask(apply)
        return await self._ask(apply)
