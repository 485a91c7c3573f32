"""The engine on a still stage: stores that answer at once, push services that answer when the test says, and a clock
that only moves while somebody waits for them.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from chalicelib.channels.message import Message
from chalicelib.channels.outcome import ACCEPTED, Outcome, Verdict
from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import PushError, Stale, Unavailable
from chalicelib.core.identity import Mode
from chalicelib.features.campaigns.model import Campaign, Status
from chalicelib.features.due.model import DueMessage, Entry, Kind
from chalicelib.features.due.service import Due
from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.gate import Gate
from chalicelib.features.sending.model.run import Chosen, Estimate, Lane, Order, Run, Source, State
from chalicelib.features.sending.model.tally import Tally
from chalicelib.features.sending.service.deliver import deliver
from chalicelib.features.sending.service.persons import Persons
from chalicelib.features.sending.service.ports import Ports, Tuning
from tests.chaos import stores
from tests.chaos.service import ORDINARY, Answer, Channel, PushServices
from tests.chaos.simulation import CALM, EPOCH, Call, Simulation
from tests.chaos.stores import Entries, Subscriber
from tests.unit.campaigns.memory import SITE, TENANT, a_campaign
from tests.unit.sending.owners import Owners

PERSONS = Persons(secret=b"of the house", tenant_id=TENANT)
T = TypeVar("T")

Turn = Callable[[Ports, Campaign], Coroutine[Any, Any, Campaign]]

RUN = "run_a"
SILENCE = 10.0**9
MESSAGE = Message(title="Hello", url="https://shop.example/")


class _AtOnce:
    """Mixed into the stores of the chaos suite: nothing is stopped, reordered or lost here, unless a test says so."""

    down = 0

    async def _ask(self, apply: Callable[[], T]) -> T:
        if self.down:
            self.down -= 1
            raise Unavailable
        return apply()


class Runs(_AtOnce, stores.Runs):
    """`rivals` are what others do, one just before each save or turn."""

    def __init__(
        self,
        simulation: Simulation,
        entries: Entries | None = None,
        replacing: Callable[[Campaign], Campaign] = lambda campaign: campaign,
    ) -> None:
        super().__init__(simulation, entries, replacing)
        self.rivals: list[Callable[[], object]] = []

    async def save(self, tenant_id: str, run: Run) -> Run:
        self._be_rivalled()
        return await super().save(tenant_id, run)

    async def turn(
        self, tenant_id: str, run: Run, campaign: Campaign, *, looked_at: datetime | None
    ) -> tuple[Run, Campaign]:
        self._be_rivalled()
        return await super().turn(tenant_id, run, campaign, looked_at=looked_at)

    def _be_rivalled(self) -> None:
        if self.rivals:
            self.rivals.pop(0)()

    async def get_many(self, tenant_id: str, run_ids: Sequence[str]) -> list[Run]:
        found = [self.rows.get(f"{tenant_id}/{run_id}") for run_id in sorted(run_ids)]
        return [run for run in found if run is not None]


class Batches(_AtOnce, stores.Batches):
    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation)
        self.saved: list[Batch] = []

    async def get_many(self, tenant_id: str, run: Run, numbers: Sequence[int]) -> list[Batch]:
        return [batch for batch in await self.of_run(tenant_id, run) if batch.number in set(numbers)]

    async def save(self, tenant_id: str, batch: Batch) -> bool:
        is_saved = await super().save(tenant_id, batch)
        if is_saved:
            self.saved.append(self.rows[tenant_id, batch.run_id, batch.number])
        return is_saved


class Audience(_AtOnce, stores.Audience):
    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation)
        self.reads = 0
        self.bury_fails = 0
        self.notes_fail = False

    async def read(
        self, tenant_id: str, site_id: str, *, start: bytes, end: bytes, limit: int
    ) -> tuple[Sequence[Subscriber], bool]:
        self.reads += 1
        return await super().read(tenant_id, site_id, start=start, end=end, limit=limit)

    async def bury(self, tenant_id: str, site_id: str, *, key: bytes, active_since: int, at: datetime) -> None:
        if self.bury_fails:
            self.bury_fails -= 1
            raise Unavailable
        await super().bury(tenant_id, site_id, key=key, active_since=active_since, at=at)

    async def note_misfit(self, tenant_id: str, site_id: str, *, key: bytes, active_since: int) -> None:
        if self.notes_fail:
            raise Unavailable
        await super().note_misfit(tenant_id, site_id, key=key, active_since=active_since)


class Calendar(_AtOnce, stores.Calendar):
    pass


class Gates(_AtOnce, stores.Gates):
    is_raced = False  # somebody else is always a moment faster

    async def save(self, tenant_id: str, site_id: str, gate: Gate) -> Gate:
        if self.is_raced:
            raise Stale
        return await super().save(tenant_id, site_id, gate)


class Switch(_AtOnce, stores.Switch):
    pass


Notices = stores.Notices


@dataclass
class Meter:
    """`tallies` by delivery; `suppressed` by run."""

    tallies: list[Tally] = field(default_factory=list)
    suppressed_runs: list[str] = field(default_factory=list)

    def delivered(self, _run: Run, tally: Tally) -> None:
        self.tallies.append(tally)

    def suppressed(self, run: Run) -> None:
        self.suppressed_runs.append(run.id)


@dataclass
class Wakes:
    """`sent`: lane, numbers, delay. `looks`: instants. `dies_after` so many calls."""

    sent: list[tuple[Lane, list[int], int]] = field(default_factory=list)
    looks: list[datetime | None] = field(default_factory=list)
    down: int = 0
    dies_after: int | None = None

    async def send(self, lane: Lane, run: Run, numbers: Iterable[int], *, delay_seconds: int = 0) -> None:
        assert not run.is_over
        if self.dies_after == len(self.sent):
            raise Unavailable
        self.sent.append((lane, list(numbers), delay_seconds))

    async def look(self, run: Run) -> None:
        if self.down:
            self.down -= 1
            raise Unavailable
        self.looks.append(run.look_at)


class Services(PushServices):
    """Says yes after 50 ms unless told otherwise: a list of outcomes and seconds, the last of which stays."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation, ORDINARY)
        self.script: dict[bytes, list[tuple[Outcome, float]]] = {}
        self.usual: tuple[Outcome, float] = (ACCEPTED, 0.05)
        self.started: list[bytes] = []
        self.watch: Callable[[], None] = lambda: None  # called at each start
        self.under_way = 0
        self.most_under_way = 0

    def says(self, key: bytes, *answers: Outcome, after: float = 0.05) -> None:
        self.script[key] = [(answer, after) for answer in answers]

    def silent_about(self, *keys: bytes) -> None:
        for key in keys:
            self.script[key] = [(ACCEPTED, SILENCE)]

    def answer(self, subscriber: Subscriber) -> Answer:
        key = subscriber.key
        self.started.append(key)
        self.watch()
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        script = self.script.get(key, [self.usual])
        outcome, seconds = script.pop(0) if len(script) > 1 else script[0]
        self.simulation.after(seconds, self._answered)
        return Answer(outcome, seconds, is_taken=outcome.verdict is Verdict.ACCEPTED)

    def _answered(self) -> None:
        self.under_way -= 1


class Chance:
    def __init__(self) -> None:
        self.number = 0
        self.uniformly = 0.5

    def uniform(self) -> float:
        return self.uniformly

    def token(self, size: int) -> bytes:
        self.number += 1
        return (self.number << 8 * (size - 2)).to_bytes(size)


class Scene:
    def __init__(self, *, window: int = 16, rows_per_batch: int = 32) -> None:
        self.simulation = Simulation(0, CALM)
        self.services = Services(self.simulation)
        self.entries = Entries()
        self.due = Due(entries=self.entries, wakes=self, alarm=lambda event, **_: None)
        self.batches = Batches(self.simulation)
        self.audience = Audience(self.simulation)
        self.calendar = Calendar(self.simulation, self.due)
        self.wakes = Wakes()
        self.owners = Owners()
        self.runs = Runs(self.simulation, self.entries, self.owners.replaced)
        self.gates = Gates(self.simulation)
        self.notices = Notices()
        self.meter = Meter()
        self.switch = Switch(self.simulation)
        self.chance = Chance()
        self.ports = Ports(
            runs=self.runs,
            batches=self.batches,
            audience=self.audience,
            channel=Channel(self.services),
            wakes=self.wakes,
            calendar=self.calendar,
            campaigns=self.owners,
            gates=self.gates,
            notices=self.notices,
            switch=self.switch,
            clock=self.simulation,
            chance=self.chance,
            persons=lambda tenant_id: PERSONS,
            tuning=Tuning(rows_per_batch=rows_per_batch, window=window, careful_window=4),
            meter=self.meter,
        )

    # what there is

    def subscribe(self, count: int, **changes: Any) -> list[bytes]:
        """Spread evenly over the ring."""
        keys = [((number << 128) // count).to_bytes(16) for number in range(count)]
        for key in keys:
            self.audience.rows[key] = Subscriber(key, **changes)
        return keys

    def launch(self, **changes: Any) -> Run:
        """A planned run, as the planner leaves it."""
        plain = Run(
            id=RUN,
            tenant_id=TENANT,
            site_id=SITE,
            campaign_id="cmp_a",
            source=Source.CAMPAIGN,
            mode=Mode.LIVE,
            order=Order(message=MESSAGE, cutoff=in_milliseconds(self.now) + 1),
            created_at=self.now,
            expires_at=self.now + timedelta(days=1),
            state=State.SENDING,
            batches=1,
            estimate=Estimate(0, exact=True),
            reissued_at=self.now,
        )
        if (order := changes.get("order")) and order.chosen:
            plain = replace(plain, source=Source.TEST)
        return self.put(replace(plain, **changes))

    def put(self, run: Run) -> Run:
        self.runs.rows[f"{run.tenant_id}/{run.id}"] = run
        if run.look_at is not None:
            self.entries.put(self.entry(run.look_at))
        return run

    def change(self, **changes: Any) -> Run:
        return self.put(replace(self.run, rev=self.run.rev + 1, **changes))

    # what happens

    @property
    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.simulation.seconds)

    def pass_time(self, **length: float) -> datetime:
        self.simulation.seconds += timedelta(**length).total_seconds()
        return self.now

    def do(self, coroutine: Coroutine[Call, Any, T]) -> T:
        """To its end, or to the error that ended it."""
        told: list[T | PushError] = []

        async def listen() -> None:
            try:
                told.append(await coroutine)
            except PushError as error:
                told.append(error)

        self.simulation.spawn("test", listen(), ended=lambda _: None, skew=timedelta())
        self.simulation.run(until=lambda: bool(told), at_most_seconds=self.simulation.seconds + 86_400)
        (answer,) = told
        if isinstance(answer, PushError):
            raise answer
        return answer

    def turn(self, turn: Turn) -> Campaign:
        """What the owner of the run asks for. Its campaign is being sent, unless a test says otherwise."""
        if self.owners.campaign is None:
            self.owners.campaign = a_campaign(status=Status.SENDING, run_id=RUN)
        return self.do(turn(self.ports, self.owners.campaign))

    def deliver(self, number: int = 0, *, seconds: float = 60.0) -> Batch | None:
        deadline = self.now + timedelta(seconds=seconds)
        return self.do(deliver(self.ports, self.run, number, deadline=deadline))

    def in_seconds(self, seconds: float, event: Callable[[], object]) -> None:
        self.simulation.after(seconds, lambda: (event(), None)[1])

    def send(self, queue: str, message: DueMessage, *, delay_seconds: int) -> None:
        raise AssertionError(f"no tick here: {queue} {message} {delay_seconds}")

    # what stands

    @property
    def run(self) -> Run:
        return self.runs.rows[f"{TENANT}/{RUN}"]

    def record(self, number: int = 0) -> Batch:
        return self.batches.rows[TENANT, RUN, number]

    @property
    def counts(self) -> dict[str, int]:
        """Over all records."""
        sums: dict[str, int] = {}
        for batch in self.batches.rows.values():
            for outcome, count in batch.progress.counts.items():
                sums[outcome] = sums.get(outcome, 0) + count
        return sums

    def entry(self, at: datetime) -> Entry:
        return Entry.at_its_minute(Kind.RUN, TENANT, RUN, at)

    @property
    def looks(self) -> list[datetime]:
        return sorted(entry.at for entry in self.entries.rows)


def chosen(*keys: bytes, person: bytes = b"") -> Order:
    return Order(message=MESSAGE, cutoff=0, chosen=tuple(Chosen(key, person) for key in keys))
