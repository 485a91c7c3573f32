"""Engines that are wrong in one thing each, made by putting something else in the place of a port. A suite that lets
one of them pass would let the same mistake pass in the engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from chalicelib.channels.outcome import Outcome
from chalicelib.features.campaigns.model import Campaign
from chalicelib.features.due.model import Entry
from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.gate import Gate
from chalicelib.features.sending.model.run import Chosen, Run, State
from chalicelib.features.sending.service import ports as real
from chalicelib.features.sending.service.ports import Ports, Recipient, Tuning
from tests.chaos import stores
from tests.chaos.plot import Deed, Occasion, Order, Plot
from tests.chaos.service import Episode, Habits, Trouble
from tests.chaos.simulation import EPOCH, Actor, Faults, Simulation
from tests.chaos.story import Change, Story
from tests.chaos.weather import HOSTS, ROUGH, STORM
from tests.chaos.witness import Breach

MOST_SEEDS = 8  # to hide in
_NEVER = EPOCH + timedelta(days=1_000)

ROUGH_SEA = Plot(
    subscribers=800,
    tuning=Tuning(rows_per_batch=64, window=16, careful_window=4),
    faults=STORM,
    habits=ROUGH,
    hosts=HOSTS,
    workers=10,
    skew_seconds=5.0,
)
CALM_SEA = replace(ROUGH_SEA, faults=Faults(), habits=replace(ROUGH, unknown=0.0, hanging=0.0))
SLOW = replace(ROUGH_SEA, workers=2, habits=replace(ROUGH, latency=(1.0, 2.0)))


@dataclass(frozen=True)
class Mutant:
    """`plot` is a weather in which it cannot hide for long."""

    name: str
    change: Change
    plot: Plot = ROUGH_SEA

    def breach(self, seed: int) -> Breach | None:
        return next(iter(Story(seed, self.plot, self.change).tell()), None)

    def caught(self) -> tuple[int, Breach] | None:
        """By which seed, and how. The engine itself must stand the same weather, or nothing was caught but the weather."""
        for seed in range(MOST_SEEDS):
            breach = self.breach(seed)
            if breach is not None:
                return None if Story(seed, self.plot).tell() else (seed, breach)
        return None


class _Batches:
    def __init__(self, ports: Ports) -> None:
        assert isinstance(ports.batches, stores.Batches)
        self._real = ports.batches

    async def get(self, tenant_id: str, run: Run, number: int) -> Batch | None:
        batch = await self._real.get(tenant_id, run, number)
        if batch is not None:
            self._got(batch)
        return batch

    async def save(self, tenant_id: str, batch: Batch) -> bool:
        return await self._real.save(tenant_id, batch)

    async def of_run(self, tenant_id: str, run: Run) -> list[Batch]:
        return await self._real.of_run(tenant_id, run)

    def _got(self, batch: Batch) -> None: ...


class _WithoutFencing(_Batches):
    """Whoever writes last is right."""

    async def save(self, tenant_id: str, batch: Batch) -> bool:
        for _ in range(5):
            standing = self._real.rows.get((tenant_id, batch.run_id, batch.number))
            batch.rev = standing.rev if standing else 0
            if await super().save(tenant_id, batch):
                return True
        return False


class _LosesRetries(_Batches):
    def _got(self, batch: Batch) -> None:
        batch.progress.later.clear()


class _DropsDoubts(_Batches):
    def _got(self, batch: Batch) -> None:
        batch.progress.in_doubt.clear()


class _Ahead(_Batches):
    """The cursor passes a key when its push begins."""

    def __init__(self, ports: Ports, simulation: Simulation) -> None:
        super().__init__(ports)
        self._simulation = simulation
        self.begun: dict[Actor | None, bytes] = {}

    async def save(self, tenant_id: str, batch: Batch) -> bool:
        progress, before = batch.progress, batch.progress.cursor
        progress.cursor = max(before, self.begun.get(self._simulation.acting, b""))
        is_saved = await super().save(tenant_id, batch)
        progress.cursor = before
        return is_saved


class _Noting:
    """A channel that notes the furthest key each worker has begun."""

    def __init__(self, ports: Ports, ahead: _Ahead, simulation: Simulation) -> None:
        self._real = ports.channel
        self._ahead = ahead
        self._simulation = simulation

    async def open(self, run: Run) -> real.Pushes:
        pushes = await self._real.open(run)
        return _NotingPushes(pushes, self._ahead.begun, self._simulation.acting)


class _NotingPushes:
    def __init__(self, pushes: real.Pushes, begun: dict[Actor | None, bytes], actor: Actor | None) -> None:
        self._real = pushes
        self._begun = begun
        self._actor = actor

    def host_of(self, recipient: Recipient) -> str:
        return self._real.host_of(recipient)

    def start(self, recipient: Recipient) -> str:
        self._begun[self._actor] = max(recipient.key, self._begun.get(self._actor, b""))
        return self._real.start(recipient)

    async def outcomes(self, wait_seconds: float) -> Sequence[tuple[bytes, Outcome]]:
        return await self._real.outcomes(wait_seconds)

    def abandon(self) -> None:
        self._real.abandon()


class _Runs:
    """Workers, and they alone, see the run otherwise."""

    def __init__(self, ports: Ports, simulation: Simulation) -> None:
        self._real = ports.runs
        self._simulation = simulation

    async def get(self, tenant_id: str, run_id: str) -> Run | None:
        run = await self._real.get(tenant_id, run_id)
        actor = self._simulation.acting
        is_worker = actor is not None and actor.name.startswith("work")
        return self._seen(run) if run is not None and is_worker and not run.is_over else run

    async def add(self, tenant_id: str, run: Run) -> Run:
        return await self._real.add(tenant_id, run)

    async def save(self, tenant_id: str, run: Run) -> Run:
        return await self._real.save(tenant_id, run)

    async def turn(
        self, tenant_id: str, run: Run, campaign: Campaign, *, looked_at: datetime | None
    ) -> tuple[Run, Campaign]:
        return await self._real.turn(tenant_id, run, campaign, looked_at=looked_at)

    def _seen(self, run: Run) -> Run:
        return run


class _TurnsOneAfterTheOther(_Runs):
    """Its run before the campaign."""

    async def turn(
        self, tenant_id: str, run: Run, campaign: Campaign, *, looked_at: datetime | None
    ) -> tuple[Run, Campaign]:
        saved = await self.save(tenant_id, run)
        return await super().turn(tenant_id, saved, campaign, looked_at=looked_at)


class _IgnoresPauses(_Runs):
    def _seen(self, run: Run) -> Run:
        return replace(run, state=State.SENDING) if run.state is State.PAUSED else run


class _IgnoresCancels(_Runs):
    def _seen(self, run: Run) -> Run:
        return replace(run, state=State.SENDING) if run.state is State.CANCELLED else run


class _IgnoresExpiry(_Runs):
    def _seen(self, run: Run) -> Run:
        return replace(run, expires_at=_NEVER)


class _IgnoresThrottle(_Runs):
    """The planner, too."""

    async def get(self, tenant_id: str, run_id: str) -> Run | None:
        run = await self._real.get(tenant_id, run_id)
        return self._seen(run) if run is not None else None

    async def add(self, tenant_id: str, run: Run) -> Run:
        return self._seen(await self._real.add(tenant_id, run))

    def _seen(self, run: Run) -> Run:
        return replace(run, order=msgspec.structs.replace(run.order, throttle_per_minute=None))


class _IgnoresPersons(_Runs):
    def _seen(self, run: Run) -> Run:
        anybody = tuple(Chosen(chosen.key) for chosen in run.order.chosen)
        return replace(run, order=msgspec.structs.replace(run.order, chosen=anybody))


class _Gates:
    def __init__(self, ports: Ports) -> None:
        self._real = ports.gates

    async def of_site(self, tenant_id: str, site_id: str) -> Mapping[str, Gate]:
        return self._seen(await self._real.of_site(tenant_id, site_id))

    async def save(self, tenant_id: str, site_id: str, gate: Gate) -> Gate:
        return await self._real.save(tenant_id, site_id, gate)

    def _seen(self, gates: Mapping[str, Gate]) -> Mapping[str, Gate]:
        return gates


class _NeverReopens(_Gates):
    def _seen(self, gates: Mapping[str, Gate]) -> Mapping[str, Gate]:
        return {host: replace(gate, closed_until=_NEVER) if gate.closed_until else gate for host, gate in gates.items()}


class _BelievesEveryone(_Gates):
    def _seen(self, gates: Mapping[str, Gate]) -> Mapping[str, Gate]:
        return {host: replace(gates.get(host, Gate(host)), trusted_until=_NEVER) for host in HOSTS}


class _Audience:
    def __init__(self, ports: Ports) -> None:
        assert isinstance(ports.audience, stores.Audience)
        self._real = ports.audience

    async def read(
        self, tenant_id: str, site_id: str, *, start: bytes, end: bytes, limit: int
    ) -> tuple[Sequence[Recipient], bool]:
        return await self._real.read(tenant_id, site_id, start=start, end=end, limit=limit)

    async def pick(self, tenant_id: str, site_id: str, keys: Sequence[bytes]) -> Sequence[Recipient]:
        return await self._real.pick(tenant_id, site_id, keys)

    async def bury(self, tenant_id: str, site_id: str, *, key: bytes, active_since: int, at: datetime) -> None:
        await self._real.bury(tenant_id, site_id, key=key, active_since=active_since, at=at)

    async def note_misfit(self, tenant_id: str, site_id: str, *, key: bytes, active_since: int) -> None:
        await self._real.note_misfit(tenant_id, site_id, key=key, active_since=active_since)


class _IgnoresTheCutoff(_Audience):
    async def read(
        self, tenant_id: str, site_id: str, *, start: bytes, end: bytes, limit: int
    ) -> tuple[Sequence[Recipient], bool]:
        rows, more = await self._real.read(tenant_id, site_id, start=start, end=end, limit=limit)
        return [replace(row, active_since=0) for row in rows], more


class _BuriesWhoCameBack(_Audience):
    async def bury(self, tenant_id: str, site_id: str, *, key: bytes, active_since: int, at: datetime) -> None:
        now = self._real.rows[key].active_since
        await self._real.bury(tenant_id, site_id, key=key, active_since=now, at=at)


class _NobodyLooks:
    """The calendar answers that no entry speaks for its run."""

    def __init__(self, ports: Ports) -> None:
        self._real = ports.calendar

    async def put(self, run: Run, at: datetime, *, now: datetime) -> datetime:
        return await self._real.put(run, at, now=now)

    async def drop(self, run: Run, at: datetime) -> None:
        await self._real.drop(run, at)

    async def settle(self, _entry: Entry, _look_at: datetime | None, *, now: datetime) -> bool:
        return now >= _NEVER

    async def done(self, entry: Entry) -> None:
        await self._real.done(entry)


class _IgnoresTheSwitch:
    async def is_stopped(self, _tenant_id: str) -> bool:
        return False


def _checkpoint_before_push(ports: Ports, simulation: Simulation) -> Ports:
    ahead = _Ahead(ports, simulation)
    return replace(ports, batches=ahead, channel=_Noting(ports, ahead, simulation))


def _twice_the_window(ports: Ports, _simulation: Simulation) -> Ports:
    return replace(ports, tuning=Tuning(ports.tuning.rows_per_batch, 2 * ports.tuning.window, 4))


STORMY = replace(ROUGH_SEA, faults=replace(STORM, kill=0.4))
FROZEN = replace(ROUGH_SEA, faults=replace(STORM, freeze=0.05), skew_seconds=60.0)
HANGING = replace(ROUGH_SEA, habits=Habits(hanging=0.02))
RESTLESS = replace(SLOW, comings=800, restless_seconds=60.0, habits=Habits(gone=0.15, latency=(1.0, 2.0)))


def _during(*deeds: Deed) -> Plot:
    return replace(SLOW, workers=1, occasions=tuple(Occasion(20.0 + 600 * n, deed) for n, deed in enumerate(deeds)))


def _with(trouble: Trouble, seconds: float) -> Plot:
    return replace(ROUGH_SEA, episodes=(Episode(HOSTS[0], trouble, 0.0, seconds),))


MUTANTS = (
    Mutant("no fencing", lambda p, s: replace(p, batches=_WithoutFencing(p)), FROZEN),
    Mutant("no sweeper", lambda p, s: replace(p, calendar=_NobodyLooks(p))),
    Mutant("checkpoint before push", _checkpoint_before_push, STORMY),
    Mutant("retry list lost", lambda p, s: replace(p, batches=_LosesRetries(p))),
    Mutant("doubts dropped", lambda p, s: replace(p, batches=_DropsDoubts(p)), HANGING),
    Mutant("twice the window", _twice_the_window, STORMY),
    Mutant("cutoff ignored", lambda p, s: replace(p, audience=_IgnoresTheCutoff(p)), RESTLESS),
    Mutant("buries who came back", lambda p, s: replace(p, audience=_BuriesWhoCameBack(p)), RESTLESS),
    Mutant(
        "changed hands ignored",
        lambda p, s: replace(p, runs=_IgnoresPersons(p, s)),
        replace(RESTLESS, order=Order(chosen=400)),
    ),
    Mutant("gate never reopens", lambda p, s: replace(p, gates=_NeverReopens(p)), _with(Trouble.BUSY, 60.0)),
    Mutant("mass-gone guard off", lambda p, s: replace(p, gates=_BelievesEveryone(p)), _with(Trouble.MASS_GONE, 1e6)),
    Mutant(
        "pause ignored",
        lambda p, s: replace(p, runs=_IgnoresPauses(p, s)),
        _during(Deed.PAUSE, Deed.RESUME, Deed.RESUME),
    ),
    Mutant(
        "turned in two steps",
        lambda p, s: replace(p, runs=_TurnsOneAfterTheOther(p, s)),
        _during(Deed.PAUSE, Deed.RESUME, Deed.RESUME),
    ),
    Mutant("cancel ignored", lambda p, s: replace(p, runs=_IgnoresCancels(p, s)), _during(Deed.CANCEL)),
    Mutant("stop ignored", lambda p, s: replace(p, switch=_IgnoresTheSwitch()), _during(Deed.STOP, Deed.START)),
    Mutant(
        "expiry ignored",
        lambda p, s: replace(p, runs=_IgnoresExpiry(p, s)),
        replace(SLOW, order=Order(expires_after=timedelta(seconds=30))),
    ),
    Mutant(
        "throttle ignored",
        lambda p, s: replace(p, runs=_IgnoresThrottle(p, s)),
        replace(ROUGH_SEA, order=Order(throttle_per_minute=100)),
    ),
)
