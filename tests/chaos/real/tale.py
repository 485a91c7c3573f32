"""One seed for real: a campaign to simulated browsers over sockets, and a crew that is killed while it works on it."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from random import Random

from chalicelib.channels.message import Message
from chalicelib.core import drive
from chalicelib.core.identity import Mode
from chalicelib.features.campaigns.service import Draft
from chalicelib.features.campaigns.wiring import campaigns
from chalicelib.features.sending.model import ring
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.store.batches import BatchRows
from chalicelib.features.sending.store.runs import RunRows
from chalicelib.features.sites.model import Site
from chalicelib.features.sites.wiring import sites
from chalicelib.features.subscriptions.model import Recipient, read_browser
from chalicelib.features.subscriptions.wiring import audience, subscriptions
from infra.local.push_service.ledger import Record
from infra.local.push_service.service import PushService
from tests.chaos.real.crew import Crew, Worker
from tests.chaos.real.fate import is_sender
from tests.chaos.real.house import House
from tests.chaos.real.verdict import GONE_STATUS, People, Toll, Verdict
from tests.chaos.real.weather import RealWeather
from tests.chaos.witness import Breach, Kind

TENANT = "ten_000000000000000000000cha0s"
_SLOW_MS = 120
_STRANGERS, _LATE, _LEAVERS = 4, 4, 3
_MOST_STEPS = 100  # of time that is let pass: whoever needs more does not finish
_MOST_SECONDS = 240.0  # nor whoever is still busy then, however slow the machine
_NAP_SECONDS = 0.05
_LETS_PASS_SECONDS = (61.0, 361.0, 61.0, 181.0)  # a tick; what a dead worker had in hand; another tick; a wave


class Tale:
    def __init__(self, house: House, crew: Crew, seed: int, weather: RealWeather) -> None:
        self._house = house
        self._crew = crew
        self._seed = seed
        self._weather = weather
        self._blows = list(weather.blows)
        self._ambushes = deque(weather.ambushes)
        self._rng = Random(f"people {seed}")
        self._site = self._open_site()
        self._members = [self._subscribe(number) for number in range(weather.subscribers)]
        self._strangers = [self._subscribe(weather.subscribers + number) for number in range(_STRANGERS)]
        for endpoint in self._strangers:
            self._leave(endpoint)
        self._leavers: list[str] = []
        self._campaign_id = self._run_id = ""
        self._began_at = 0.0
        self._steps = 0
        self._still: dict[int, int] = {}  # workers that stand still, by process id, and since which step
        self._toll: Counter[str] = Counter()
        self._before = crew.report()
        self.figures: Counter[str] = Counter()

    def tell(self) -> list[Breach]:
        house = self._house
        house.clock.advance(1.0)  # whoever comes in the instant of a cutoff is not in that audience
        house.push_service.ledger.clear()
        house.push_service.set_rules([{"chaos": self._weather.chaos, "delay_ms": _SLOW_MS}])
        house.fate.forget()
        try:
            return list(self._told())
        finally:
            house.fate.forget()
            self._release_all()

    def _told(self) -> Iterator[Breach]:
        self._send()
        deadline = time.monotonic() + _MOST_SECONDS
        while self._steps < _MOST_STEPS and time.monotonic() < deadline:
            self._deal()
            self._ambush()
            yield from self._mourn()
            run = drive.run(RunRows().get(TENANT, self._run_id))
            if run is not None and not self._leavers:
                self._come_and_go()
            if run is not None and run.is_over and self._is_everyone_done():
                yield from self._judge(run)
                return
            self._let_time_pass()
        state = run.state if run is not None else "not even planned"
        yield Breach(
            Kind.UNFINISHED, f"{state} after {self._steps} steps and {time.monotonic() - self._began_at:.0f} s"
        )

    # what people do

    def _open_site(self) -> Site:
        now = self._house.clock.now()
        return sites().create(tenant_id=TENANT, name=f"Shop {self._seed}", url="https://shop.example", now=now)

    def _subscribe(self, number: int) -> str:
        made = PushService.simulated(self._seed, number, vapid_public_key=self._site.vapid_public_key)
        browser = read_browser(endpoint=made["endpoint"], **made["keys"])
        now = self._house.clock.now()
        subscriptions().subscribe(tenant_id=TENANT, site_id=self._site.id, browser=browser, now=now)
        return str(made["endpoint"])

    def _leave(self, endpoint: str) -> None:
        subscription_id, now = self._id_of(endpoint), self._house.clock.now()
        subscriptions().end(tenant_id=TENANT, site_id=self._site.id, subscription_id=subscription_id, now=now)

    def _come_and_go(self) -> None:
        """Once the run stands: who comes now is not in its audience, who goes may be."""
        first = 2 * self._weather.subscribers
        self._strangers += [self._subscribe(first + number) for number in range(_LATE)]
        self._leavers = self._rng.sample(self._members, _LEAVERS)
        for endpoint in self._leavers:
            self._leave(endpoint)

    def _send(self) -> None:
        now = self._house.clock.now()
        draft = Draft(name="Autumn", message=Message(title="Hello", url="https://shop.example/"))
        made = campaigns().create(tenant_id=TENANT, site_id=self._site.id, draft=draft, mode=Mode.LIVE, now=now)
        self._deal()
        self._began_at = time.monotonic()
        self._run_id = campaigns().send(made, mode=Mode.LIVE, now=now).run_id or ""

    # what befalls the crew

    def _deal(self) -> None:
        """The next blow of each function that has none before it."""
        for blow in list(self._blows):
            if not self._house.fate.is_dealt(blow.function):
                self._blows.remove(blow)
                self._house.fate.deal(blow)

    def _ambush(self) -> None:
        """A sender, at an instant that no step of its own decides."""
        if not self._ambushes or time.monotonic() - self._began_at < self._ambushes[0]:
            return
        for worker in self._crew.workers:
            if is_sender(worker.hand.function) and not worker.is_frozen:
                self._ambushes.popleft()
                worker.kill()
                return

    def _mourn(self) -> Iterator[Breach]:
        for death in self._crew.bury():
            self.figures.update(kills=1, **({f"killed_in_{death.function}": 1} if death.function else {}))
            self.figures.update(batches_killed=death.batches)
            self._toll.update(killed=death.batches)
            if not death.was_killed:
                yield Breach(Kind.BOUND, f"a worker died of itself in {death.function or 'between two turns'}")
        for worker in self._crew.workers:
            if worker.is_frozen and worker.process.pid not in self._still:
                self._still[worker.process.pid or 0] = self._steps
                self.figures.update(frozen=1, **{f"frozen_in_{worker.hand.function}": 1})
                self._toll.update(frozen=worker.hand.batches)

    def _is_everyone_done(self) -> bool:
        return not any(worker.is_frozen or worker.is_at_work for worker in self._crew.workers)

    def _let_time_pass(self) -> None:
        """When nobody has anything to do now, or nobody can. Who stands still goes on some steps later."""
        idle = self._crew.all_are_idle()
        if idle is None:
            time.sleep(_NAP_SECONDS)
            return
        with idle:
            if not self._house.is_quiet() and not all(worker.is_frozen for worker in self._crew.workers):
                return
            self._house.clock.advance(_LETS_PASS_SECONDS[self._steps % len(_LETS_PASS_SECONDS)])
        self._steps += 1
        for worker in self._crew.workers:
            if worker.is_frozen and self._steps - self._still_since(worker) > self._weather.thaws_after:
                worker.thaw()

    def _still_since(self, worker: Worker) -> int:
        return self._still.get(worker.process.pid or 0, self._steps)

    def _release_all(self) -> None:
        for worker in self._crew.workers:
            while worker.is_frozen and worker.process.is_alive():
                worker.thaw()
                time.sleep(_NAP_SECONDS)

    # what must be true

    def _judge(self, run: Run) -> Iterator[Breach]:
        report = self._crew.report().since(self._before)
        toll = Toll(self._toll["killed"] + report.gave_up, self._toll["frozen"], report.unknown)
        if report.broke:
            yield Breach(Kind.BOUND, f"{report.broke} invocations raised what nobody expected")
        people = People(
            frozenset(self._members) - frozenset(self._leavers), frozenset(self._leavers), frozenset(self._strangers)
        )
        mine = set(self._members) | people.strangers
        records = [record for record in self._house.push_service.ledger.received() if record.endpoint in mine]
        verdict = Verdict(run, drive.run(BatchRows().of_run(TENANT, run)), records, people=people, toll=toll)
        yield from verdict.breaches()
        yield from self._of_the_gone(records)
        self.figures.update(
            subscribers=len(self._members),
            pushes=len(records),
            duplicates=verdict.duplicates,
            unknown=toll.unknown,
            zombies=toll.frozen,
            gave_up=report.gave_up,
            steps=self._steps,
            seconds=round(time.monotonic() - self._began_at),
        )

    def _of_the_gone(self, records: Sequence[Record]) -> Iterator[Breach]:
        """They have ended, and nobody else has but those who left."""
        called_gone = {self._key_of(record.endpoint) for record in records if record.status == GONE_STATUS}
        left = {self._key_of(endpoint) for endpoint in (*self._strangers, *self._leavers)}
        ended = {row.key for row in self._rows() if not row.is_active}
        if ended - left != called_gone - left:
            yield Breach(Kind.COUNT, f"{len(called_gone - left)} were called gone, {len(ended - left)} have ended")

    def _rows(self) -> Iterator[Recipient]:
        for shard in range(16):
            arc = ring.arc(shard, 16)
            yield from audience().read(TENANT, self._site.id, start=arc.start, end=arc.end, limit=1_000)[0]

    def _id_of(self, endpoint: str) -> str:
        return subscriptions().id_of(site_id=self._site.id, endpoint=endpoint)

    def _key_of(self, endpoint: str) -> bytes:
        return bytes.fromhex(self._id_of(endpoint).removeprefix("sub_"))
