"""One seed's story: a run over a few hundred subscribers, told by the real planner, workers and sweeper."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.channels.message import Message
from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import Stale
from chalicelib.core.identity import Mode
from chalicelib.features.campaigns.model import Launch
from chalicelib.features.due.model import DueMessage, Entry, Kind
from chalicelib.features.due.service import Due
from chalicelib.features.sending.model.run import Order, Run, Source
from chalicelib.features.sending.model.totals import FAMILIES, Totals, totals_of
from chalicelib.features.sending.service.cancel import cancel
from chalicelib.features.sending.service.plan import launch
from chalicelib.features.sending.service.ports import Ports, Tuning
from chalicelib.features.sending.service.sweep import sweep
from chalicelib.features.sending.service.work import work
from tests.chaos.service import ORDINARY, Habits, Pushes, PushServices
from tests.chaos.simulation import CALM, EPOCH, Call, Faults, Simulation, ask
from tests.chaos.stores import Audience, Batches, Calendar, Entries, Runs, Subscriber, Wakes

TENANT = "ten_chaos"
_RUN_ID = "run_chaos"
_FUNCTION_SECONDS = 60.0
_VISIBILITY_SECONDS = 360.0
_MOST_RECEIVES = 5
_DAYS = 3


@dataclass(frozen=True)
class Plot:
    """What happens in a story, besides its seed."""

    subscribers: int = 200
    tuning: Tuning = field(default_factory=lambda: Tuning(rows_per_batch=25, window=16, careful_window=4))
    faults: Faults = CALM
    habits: Habits = ORDINARY
    skew_seconds: float = 0.0
    cancel_after_seconds: float | None = None
    most_receives: int = _MOST_RECEIVES  # of a wake-up or a look; the first plan is always tried again


class _Channel:
    def __init__(self, services: PushServices) -> None:
        self._services = services

    async def open(self, _run: Run) -> Pushes:
        return Pushes(self._services)


class _Chance:
    def __init__(self, simulation: Simulation) -> None:
        self._rng = simulation.rng

    def uniform(self) -> float:
        return self._rng.random()

    def token(self, size: int) -> bytes:
        return self._rng.randbytes(size)


class _Owners:
    """Campaigns are not part of this story; their runs' ends are."""

    def __init__(self) -> None:
        self.finished: list[str] = []

    async def release(self, _entry: Entry, *, now: datetime) -> Launch | None:
        raise AssertionError(now)

    async def launched(self, entry: Entry) -> None:
        raise AssertionError(entry)

    async def is_cancelled(self, launch: Launch) -> bool:
        raise AssertionError(launch)

    async def finish(self, run: Run, *, now: datetime) -> None:
        await ask(Call(lambda: self.finished.append(f"{run.state} {now}")))


class Story:
    def __init__(self, seed: int, plot: Plot) -> None:
        self.plot = plot
        self.simulation = simulation = Simulation(seed, plot.faults)
        self.services = PushServices(simulation, plot.habits)
        self.entries = Entries()
        self.due = Due(entries=self.entries, wakes=self, alarm=self._alarm)
        self.runs = Runs(simulation)
        self.batches = Batches(simulation)
        self.audience = Audience(simulation)
        for _ in range(plot.subscribers):
            key = simulation.rng.randbytes(16)
            self.audience.rows[key] = Subscriber(key)
        self.expected = set(self.audience.rows)
        self.ports = Ports(
            runs=self.runs,
            batches=self.batches,
            audience=self.audience,
            channel=_Channel(self.services),
            wakes=Wakes(simulation, self._enqueue, self._look),
            calendar=Calendar(simulation, self.due),
            campaigns=_Owners(),
            clock=simulation,
            chance=_Chance(simulation),
            tuning=plot.tuning,
        )

    # the story

    def tell(self) -> bool:
        """Whether it came to an end."""
        run = Run(
            id=_RUN_ID,
            tenant_id=TENANT,
            site_id="site_chaos",
            source=Source.CAMPAIGN,
            mode=Mode.LIVE,
            order=Order(message=Message(title="t", url="https://e.example/"), cutoff=in_milliseconds(EPOCH) + 1),
            created_at=EPOCH,
            expires_at=EPOCH + timedelta(days=1),
        )
        self._deliver("plan", lambda: self._plan(run))
        self.simulation.after(1.0, self._tick)
        if self.plot.cancel_after_seconds is not None:
            self.simulation.after(self.plot.cancel_after_seconds, self._cancel)
        return self.simulation.run(until=lambda: self.run.is_over, at_most_seconds=_DAYS * 86_400.0)

    @property
    def run(self) -> Run:
        return self.runs.rows.get(f"{TENANT}/{_RUN_ID}") or _NO_RUN

    @property
    def totals(self) -> Totals:
        return totals_of(self.run, [])

    # judging it

    @property
    def duplicates(self) -> int:
        return sum(count - 1 for count in self.services.accepted.values() if count > 1)

    @property
    def duplicates_allowed(self) -> int:
        tally = self.simulation.tally
        return self.plot.tuning.window * (tally.kills + tally.zombies) + self.services.unknown

    @property
    def lost(self) -> int:
        """Expected, but neither reached nor accounted for."""
        return len(self.expected) - self.totals.settled

    @property
    def miscounted(self) -> int:
        """Accepted keys that no ledger knows, or more in the ledger than lost answers can explain."""
        counted = self.totals.family("accepted")
        distinct = len(self.services.accepted)
        slack = self.services.unknown + self.simulation.tally.kills * self.plot.tuning.window
        return max(0, counted - distinct) + max(0, distinct - counted - slack)

    def faults(self) -> list[str]:
        found = []
        if not self.run.is_over:
            return ["unfinished"]
        if self.lost:
            found.append(f"lost {self.lost} of {len(self.expected)}: {self.totals.counts}")
        if self.duplicates > self.duplicates_allowed:
            found.append(f"{self.duplicates} duplicates, {self.duplicates_allowed} allowed")
        if self.miscounted:
            found.append(f"{self.miscounted} miscounted: {self.totals.counts}, ledger {len(self.services.accepted)}")
        odd = {name for name in self.totals.counts if name.partition(":")[0] not in {*FAMILIES, "unknown", "excluded"}}
        return found + [f"odd outcome {name}" for name in odd]

    # the machinery around the engine

    async def _plan(self, run: Run) -> None:
        try:
            await launch(self.ports, run)
        except Stale:
            return  # as in `release`: the next look goes on from there

    def send(self, queue: str, message: DueMessage, *, delay_seconds: int) -> None:
        assert queue == "sweep"
        self.simulation.after(delay_seconds, lambda: self._deliver("sweep", lambda: sweep(self.ports, message.entry)))

    def _look(self, run: Run) -> None:
        assert run.look_at is not None
        entry = Entry.at_its_minute(Kind.RUN, run.tenant_id, run.id, run.look_at)
        self._deliver("sweep", lambda: sweep(self.ports, entry))

    def _enqueue(self, run: Run, number: int, delay_seconds: float) -> None:
        rng, faults = self.simulation.rng, self.plot.faults
        if rng.random() < faults.lose_wake:
            return
        for _ in range(2 if rng.random() < faults.duplicate_wake else 1):
            delay = delay_seconds + rng.uniform(0.0, 0.2)
            self.simulation.after(delay, lambda: self._deliver(f"work {number}", lambda: self._work(run, number)))

    async def _work(self, run: Run, number: int) -> None:
        deadline = self.simulation.now() + timedelta(seconds=_FUNCTION_SECONDS)
        await work(self.ports, tenant_id=run.tenant_id, run_id=run.id, number=number, deadline=deadline)

    def _deliver(self, name: str, begin: Any, received: int = 1) -> None:
        """A message: deleted when its handler returns, seen again when it does not, dead after five times."""

        most_receives = _MOST_RECEIVES if name == "plan" else self.plot.most_receives

        def ended(is_done: bool) -> None:
            if not is_done and received < most_receives:
                self.simulation.after(_VISIBILITY_SECONDS, lambda: self._deliver(name, begin, received + 1))

        coroutine: Coroutine[Call, Any, Any] = begin()
        spread = self.plot.skew_seconds
        skew = timedelta(seconds=self.simulation.rng.uniform(-spread, spread))
        self.simulation.spawn(name, coroutine, ended=ended, skew=skew)

    def _tick(self) -> None:
        self.due.tick(now=self.simulation.now(), has_time=lambda: True)
        self.simulation.after(60.0, self._tick)

    def _cancel(self) -> None:
        self._deliver("cancel", lambda: cancel(self.ports, tenant_id=TENANT, run_id=_RUN_ID))

    def _alarm(self, event: str, **_facts: object) -> None:
        self.simulation.tally.notes.append(event)


_NO_RUN = Run(
    id="",
    tenant_id="",
    site_id="",
    source=Source.CAMPAIGN,
    mode=Mode.LIVE,
    order=Order(message=Message(title="", url=""), cutoff=0),
    created_at=EPOCH,
    expires_at=EPOCH,
)
