"""One seed's story: a run, told by the real planner, workers and sweeper, with everything around them simulated."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import Stale
from chalicelib.core.identity import Mode
from chalicelib.features.campaigns.model import UNDER_WAY, Campaign, NotUnderWay, WrongState
from chalicelib.features.due.model import DueMessage, Entry, Kind
from chalicelib.features.due.service import Due
from chalicelib.features.sending.model.run import Chosen, Order, Run, Source
from chalicelib.features.sending.model.totals import Totals, totals_of
from chalicelib.features.sending.service.plan import launch
from chalicelib.features.sending.service.ports import Ports
from chalicelib.features.sending.service.release import release
from chalicelib.features.sending.service.steer import cancel, pause, resume
from chalicelib.features.sending.service.sweep import sweep
from chalicelib.features.sending.service.work import work
from tests.chaos.judge import Judge
from tests.chaos.owners import CAMPAIGN, MESSAGE, PERSONS, RUN, SITE, TENANT, Owner, People
from tests.chaos.plot import Deed, Plot
from tests.chaos.queues import FUNCTION_SECONDS, Queue
from tests.chaos.service import Channel, PushServices
from tests.chaos.simulation import EPOCH, Simulation
from tests.chaos.stores import Audience, Batches, Calendar, Entries, Gates, Notices, Runs, Switch, Wakes
from tests.chaos.witness import Breach, Witness
from tests.chaos.witness import Kind as Fault

_NO_PLANNER_LIVES_SECONDS = 900.0

Change = Callable[[Ports, Simulation], Ports]
Turn = Callable[[Ports, Campaign], Coroutine[Any, Any, Campaign]]


class Chance:
    def __init__(self, simulation: Simulation) -> None:
        self._rng = simulation.rng

    def uniform(self) -> float:
        return self._rng.random()

    def token(self, size: int) -> bytes:
        return self._rng.randbytes(size)


class Services(PushServices):
    GATHER_SECONDS = 0.004


class Story:
    """`change` puts something else in the place of a port: how mutants are made."""

    def __init__(self, seed: int, plot: Plot, change: Change = lambda ports, _simulation: ports) -> None:
        self.plot = plot
        self.simulation = simulation = Simulation(seed, plot.faults)
        self.services = Services(simulation, plot.habits, plot.episodes)
        self.entries = Entries()
        self.due = Due(entries=self.entries, wakes=self, alarm=lambda event, **_: None)
        self.owner = Owner(simulation, self.due, plot.order)
        self.runs = Runs(simulation, self.entries, self.owner.replaced)
        self.batches, self.gates = Batches(simulation), Gates(simulation)
        self.switch, self.audience = Switch(simulation), Audience(simulation)
        self.audience.PAGE = plot.page
        self.people = People(simulation, self.audience, self.services, plot.hosts)
        self.people.settle(plot.subscribers, gone=plot.habits.gone)
        ports = Ports(
            runs=self.runs,
            batches=self.batches,
            audience=self.audience,
            channel=Channel(self.services),
            wakes=Wakes(simulation, self._wake, self._look),
            calendar=Calendar(simulation, self.due),
            campaigns=self.owner,
            gates=self.gates,
            notices=Notices(),
            switch=self.switch,
            clock=simulation,
            chance=Chance(simulation),
            persons=lambda tenant_id: PERSONS,
            tuning=plot.tuning,
        )
        self.ports = change(ports, simulation)
        self.witness = Witness(
            plot,
            simulation,
            services=self.services,
            audience=self.audience,
            batches=self.batches,
            runs=self.runs,
            people=self.people,
            owner=self.owner,
        )
        skew, receives = plot.skew_seconds, plot.most_receives
        self._plans = Queue(simulation, skew_seconds=skew)
        self._calls = Queue(simulation, skew_seconds=skew, most_receives=1)
        self._lane = Queue(simulation, at_once=plot.workers, skew_seconds=skew, most_receives=receives)
        self._sweeps = Queue(simulation, skew_seconds=skew, most_receives=receives)

    # the story

    def tell(self) -> list[Breach]:
        """To its end; returns the promises it broke."""
        self._begin()
        self.simulation.after(1.0, self._tick)
        for occasion in self.plot.occasions:
            self.simulation.after(occasion.at_seconds, self._deed(occasion.deed))
        for number in range(self.plot.comings):
            at = self.plot.restless_seconds * (number + self.simulation.rng.random()) / self.plot.comings
            self.simulation.after(at, self.people.come_or_go)
        limit = self.plot.at_most.total_seconds()
        if not self.simulation.run(until=self._is_over, at_most_seconds=limit):
            return [*self.witness.breaches, Breach(Fault.UNFINISHED, f"{self.run.state} after {limit:.0f} s")]
        return [*self.witness.breaches, *(self._judge().breaches() if self.run is not _NO_RUN else ())]

    def _is_over(self) -> bool:
        """Late zombies must not do any harm either. Who cancels soon enough never sees a run."""
        if self.run is _NO_RUN:
            return self.simulation.seconds > _NO_PLANNER_LIVES_SECONDS and self.owner.has_called_it_off
        return self.run.is_over and not self.services.sessions

    @property
    def run(self) -> Run:
        return self.runs.rows.get(f"{TENANT}/{RUN}") or _NO_RUN

    @property
    def totals(self) -> Totals:
        return totals_of(self.run, [])

    @property
    def duplicates(self) -> int:
        return sum(self.services.accepted.values()) - len(self.services.accepted)

    def _judge(self) -> Judge:
        return Judge(
            self.plot,
            self.run,
            [batch for _, batch in sorted(self.batches.rows.items(), key=lambda row: row[0])],
            services=self.services,
            audience=self.audience,
            people=self.people,
            deaths=self.witness.deaths,
        )

    # what people do

    def _begin(self) -> None:
        if self.plot.order.chosen:
            run = self._notification()
            self._plans.send("notify", lambda: self._notify(run), is_safe=True)
        else:
            entry = self.owner.send()
            self._plans.send("plan", lambda: self._release(entry))

    def _notification(self) -> Run:
        """Some by their browser, some as a person; a few of them have left already."""
        rng, rows = self.simulation.rng, self.audience.rows
        keys = sorted(rng.sample(rows.order, min(self.plot.order.chosen, len(rows))))
        chosen = tuple(
            PERSONS.chosen(key, rows[key].external_id or "") if rng.random() < 0.5 else Chosen(key) for key in keys
        )
        return replace(
            _NO_RUN,
            id=RUN,
            source=Source.NOTIFICATION,
            order=Order(message=MESSAGE, cutoff=in_milliseconds(EPOCH), chosen=chosen),
            expires_at=EPOCH + self.plot.order.expires_after,
        )

    async def _notify(self, run: Run) -> None:
        with suppress(Stale):  # as in `release`: the next look goes on from there
            await launch(self.ports, run)

    def _deed(self, deed: Deed) -> Callable[[], None]:
        deeds: dict[Deed, Callable[[], None]] = {
            Deed.PURGE: self._purge,
            Deed.PAUSE: lambda: self._calls.send("pause", lambda: self._turn(pause), is_safe=True),
            Deed.RESUME: lambda: self._plans.send("resume", lambda: self._turn(resume), is_safe=True),
            Deed.CANCEL: lambda: self._plans.send("cancel", lambda: self._turn(cancel), is_safe=True),
            Deed.STOP: lambda: self._switch(is_off=True),
            Deed.START: lambda: self._switch(is_off=False),
        }
        return deeds[deed]

    def _purge(self) -> None:
        self._lane.purge()
        self._sweeps.purge()

    async def _turn(self, turn: Turn) -> None:
        campaign = await self.ports.campaigns.get(TENANT, CAMPAIGN)
        if campaign is not None and campaign.status in UNDER_WAY:
            with suppress(Stale, NotUnderWay, WrongState):  # the owner is told so, and may ask again
                await turn(self.ports, campaign)

    def _switch(self, *, is_off: bool) -> None:
        self.switch.is_off = is_off
        self.witness.switched(is_off=is_off)

    # the machinery around the engine

    def send(self, queue: str, message: DueMessage, *, delay_seconds: int) -> None:
        """What the tick finds due."""
        entry = message.entry
        if entry.kind == Kind.CAMPAIGN:
            self._plans.send("plan", lambda: self._release(entry), delay_seconds=delay_seconds)
        else:
            assert queue == "sweep"
            self._sweeps.send("sweep", lambda: self._sweep(entry), delay_seconds=delay_seconds)

    def _look(self, run: Run) -> None:
        assert run.look_at is not None
        entry = Entry.at_its_minute(Kind.RUN, run.tenant_id, run.id, run.look_at)
        self._sweeps.send("sweep", lambda: self._sweep(entry))

    def _wake(self, run: Run, number: int, delay_seconds: float) -> None:
        self._lane.send(f"work {number}", lambda: self._work(run, number), delay_seconds=delay_seconds)

    async def _work(self, run: Run, number: int) -> None:
        deadline = self._in_seconds(FUNCTION_SECONDS)
        await work(self.ports, tenant_id=run.tenant_id, run_id=run.id, number=number, deadline=deadline)

    async def _release(self, entry: Entry) -> None:
        await release(self.ports, entry, deadline=self._in_seconds(self.plot.planner_seconds))

    async def _sweep(self, entry: Entry) -> None:
        await sweep(self.ports, entry, deadline=self._in_seconds(self.plot.planner_seconds))

    def _in_seconds(self, seconds: float) -> datetime:
        return self.simulation.now() + timedelta(seconds=seconds)

    def _tick(self) -> None:
        self.due.tick(now=self.simulation.now(), has_time=lambda: True)
        self.simulation.after(60.0, self._tick)


_NO_RUN = Run(
    id="",
    tenant_id=TENANT,
    site_id=SITE,
    source=Source.CAMPAIGN,
    mode=Mode.LIVE,
    campaign_id=CAMPAIGN,
    order=Order(message=MESSAGE, cutoff=0),
    created_at=EPOCH,
    expires_at=EPOCH,
)
