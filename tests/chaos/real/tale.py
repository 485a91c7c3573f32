"""One seed for real: a campaign to simulated browsers over sockets, and a crew that is killed while it works on it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from chalicelib.channels.message import Message
from chalicelib.core import drive
from chalicelib.core.identity import Mode
from chalicelib.features.campaigns.service import Draft
from chalicelib.features.campaigns.wiring import campaigns
from chalicelib.features.sending.model import ring
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.model.totals import FAMILIES, Totals, totals_of
from chalicelib.features.sending.store.batches import BatchRows
from chalicelib.features.sending.store.runs import RunRows
from chalicelib.features.sites.model import Site
from chalicelib.features.sites.wiring import sites
from chalicelib.features.subscriptions.model import read_browser
from chalicelib.features.subscriptions.wiring import audience, subscriptions
from infra.local.push_service.ledger import Record
from infra.local.push_service.service import PushService
from tests.chaos.real.crew import Crew
from tests.chaos.real.house import WINDOW, House
from tests.chaos.witness import Breach, Kind

SUBSCRIBERS = 120
TENANT = "ten_chaos"
WEATHER = {
    "gone": 0.05,
    "throttled": 0.05,
    "broken": 0.03,
    "lose_answer": 0.01,
    "reset_stream": 0.01,
    "slow": 0.4,
}
_SLOW_MS = 120
_LEFT, _LATE = 4, 4
_LONGEST_SECONDS = 60.0
_FREEZES = 0.25  # of the blows
_STRIKES_WITHIN_SECONDS = 0.3
_NAP_SECONDS = 0.01
_LETS_PASS_SECONDS = (61.0, 361.0, 61.0, 181.0)  # a tick; what a dead worker had in hand; another tick; a wave
_MISSED_AFTER = 2  # such steps: by then another has taken the place of a frozen worker
_GONE_STATUS = 410


@dataclass(frozen=True)
class Blow:
    """So many seconds after the one before."""

    after_seconds: float
    worker: int
    freezes: bool


class Tale:
    def __init__(self, house: House, crew: Crew, seed: int, *, subscribers: int = SUBSCRIBERS) -> None:
        self._house = house
        self._crew = crew
        self._seed = seed
        self._rng = Random(f"real {seed}")
        self._site = self._open_site()
        self._members = [self._subscribe(number) for number in range(subscribers)]
        self._strangers = [self._subscribe(subscribers + number) for number in range(_LEFT)]
        for endpoint in self._strangers:
            subscriptions().end(
                tenant_id=TENANT, site_id=self._site.id, subscription_id=self._id_of(endpoint), now=house.clock.now()
            )
        self._run_id = ""
        self._deaths = 0
        self._let_pass = 0
        self.figures: Counter[str] = Counter()

    def tell(self) -> list[Breach]:
        self._house.clock.advance(1.0)  # whoever comes in the instant of a cutoff is not in that audience
        self._house.push_service.ledger.clear()
        chaos = {"seed": self._seed, "rates": WEATHER, "retry_after": ["none", "seconds"]}
        self._house.push_service.set_rules([{"chaos": chaos, "delay_ms": _SLOW_MS}])
        self._send()
        deadline = time.monotonic() + _LONGEST_SECONDS
        for blow in self._blows():
            self._strike(blow)
        while time.monotonic() < deadline:
            run = self._run()
            if run.is_over and not any(worker.is_frozen or worker.is_busy for worker in self._crew.workers):
                return list(self._breaches(run))
            self._let_time_pass()
        return [Breach(Kind.UNFINISHED, f"{self._run().state} after {_LONGEST_SECONDS:.0f} s")]

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

    def _send(self) -> None:
        """Some come when the run has begun: they are not in its audience."""
        now = self._house.clock.now()
        draft = Draft(name="Autumn", message=Message(title="Hello", url="https://shop.example/"))
        made = campaigns().create(tenant_id=TENANT, site_id=self._site.id, draft=draft, mode=Mode.LIVE, now=now)
        self._run_id = campaigns().send(made, mode=Mode.LIVE, now=now).run_id or ""
        _wait_until(lambda: drive.run(RunRows().get(TENANT, self._run_id)) is not None, seconds=_LONGEST_SECONDS)
        self._strangers += [self._subscribe(10_000 + number) for number in range(_LATE)]

    # what befalls the crew

    def _blows(self) -> Sequence[Blow]:
        rng, size = self._rng, len(self._crew.workers)
        return [
            Blow(rng.uniform(0.02, 0.5), rng.randrange(size), freezes=rng.random() < _FREEZES)
            for _ in range(rng.randint(2, 4))
        ]

    def _strike(self, blow: Blow) -> None:
        """At work, if it comes to that soon. One may be frozen at a time, and who is frozen is left alone."""
        time.sleep(blow.after_seconds)
        worker = self._crew.workers[blow.worker]
        _wait_until(lambda: worker.is_busy, seconds=_STRIKES_WITHIN_SECONDS)
        someone_is_frozen = any(other.is_frozen for other in self._crew.workers)
        if worker.is_frozen or (blow.freezes and someone_is_frozen):
            return
        if blow.freezes:
            worker.freeze()
            self._count("frozen", was_busy=worker.is_busy)
        else:
            self._count("kills", was_busy=self._crew.kill(blow.worker))

    def _count(self, blow: str, *, was_busy: bool) -> None:
        self._deaths += was_busy
        self.figures.update({blow: 1, "struck_at_work": int(was_busy)})

    def _let_time_pass(self) -> None:
        """When nobody has anything to do now; a frozen worker wakes when another had the time to take its place."""
        idle = self._crew.all_are_idle()
        if idle is None:
            time.sleep(_NAP_SECONDS)
            return
        with idle:
            if not self._house.is_quiet():
                return
            self._house.clock.advance(_LETS_PASS_SECONDS[self._let_pass % len(_LETS_PASS_SECONDS)])
        self._let_pass += 1
        for worker in self._crew.workers:
            if worker.is_frozen and self._let_pass > _MISSED_AFTER:
                worker.thaw()

    # what must be true

    def _run(self) -> Run:
        run = drive.run(RunRows().get(TENANT, self._run_id))
        assert run is not None
        return run

    def _breaches(self, run: Run) -> Iterator[Breach]:
        mine = set(self._members) | set(self._strangers)
        records = [record for record in self._house.push_service.ledger.received() if record.endpoint in mine]
        ledger = Counter(record.endpoint for record in records if record.accepted)
        batches = drive.run(BatchRows().of_run(TENANT, run))
        totals = totals_of(run, [])
        yield from self._of_counts(totals, ledger, records)
        added: Counter[str] = Counter()
        for batch in batches:
            added.update(batch.progress.counts)
        if dict(added) != totals.counts:
            yield Breach(Kind.COUNT, f"the run says {totals.counts}, its batches {dict(added)}")
        yield from self._of_the_gone(records)
        self.figures.update(
            pushes=len(records), duplicates=ledger.total() - len(ledger), unknown=totals.counts.get("unknown", 0)
        )

    def _of_counts(self, totals: Totals, ledger: Counter[str], records: Sequence[Record]) -> Iterator[Breach]:
        settled = sum(totals.family(name) for name in FAMILIES)
        if settled != len(self._members):
            kind = Kind.LOST if settled < len(self._members) else Kind.COUNT
            yield Breach(kind, f"{settled} of {len(self._members)}: {totals.counts}", abs(len(self._members) - settled))
        unasked = set(self._members) - {record.endpoint for record in records}
        if unasked:
            yield Breach(Kind.LOST, f"{len(unasked)} were never pushed to", len(unasked))
        if {record.endpoint for record in records} & set(self._strangers):
            yield Breach(Kind.COUNT, "pushed to somebody outside the audience")
        lost = [record.endpoint for record in records if record.accepted and record.answer_lost and record.misbehaviour]
        unknown = max(len(lost), totals.counts.get("unknown", 0))  # a slow machine loses answers of its own
        duplicates, allowed = ledger.total() - len(ledger), WINDOW * self._deaths + unknown
        if duplicates > allowed:
            yield Breach(Kind.BOUND, f"{duplicates} duplicates, {allowed} allowed")
        accepted = totals.family("accepted")
        slack = unknown + WINDOW * self._deaths
        if not accepted <= len(ledger) <= accepted + slack:
            yield Breach(Kind.COUNT, f"{accepted} accepted, {len(ledger)} in the ledger, {slack} without an answer")

    def _of_the_gone(self, records: Sequence[Record]) -> Iterator[Breach]:
        """They have ended, and nobody else has."""
        called_gone = {self._key_of(record.endpoint) for record in records if record.status == _GONE_STATUS}
        ended = {
            row.key
            for shard in range(16)
            for row in audience().read(TENANT, self._site.id, start=_first(shard), end=_last(shard), limit=1_000)[0]
            if not row.is_active
        } - {self._key_of(endpoint) for endpoint in self._strangers}
        if ended != called_gone:
            yield Breach(Kind.COUNT, f"{len(called_gone)} were called gone, {len(ended)} have ended")

    def _id_of(self, endpoint: str) -> str:
        return subscriptions().id_of(site_id=self._site.id, endpoint=endpoint)

    def _key_of(self, endpoint: str) -> bytes:
        return bytes.fromhex(self._id_of(endpoint).removeprefix("sub_"))


def _wait_until(is_so: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(_NAP_SECONDS)


def _first(shard: int) -> bytes:
    return ring.arc(shard, 16).start


def _last(shard: int) -> bytes:
    return ring.arc(shard, 16).end
