"""Those outside the engine: whoever owns the campaign, the operator, and the people who come and go meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from chalicelib.channels.message import Message
from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import Stale
from chalicelib.features.campaigns.model import EVERYONE, UNDER_WAY, Campaign, Launch, Status
from chalicelib.features.due.model import Entry, Kind, no_earlier
from chalicelib.features.due.service import Due
from chalicelib.features.sending.model.run import Run, State
from chalicelib.features.sending.service.persons import Persons
from tests.chaos.plot import Order
from tests.chaos.service import PushServices
from tests.chaos.simulation import EPOCH, Call, Simulation, ask
from tests.chaos.stores import Audience, Subscriber

TENANT, SITE, CAMPAIGN, RUN = "ten_chaos", "site_chaos", "cmp_chaos", "run_chaos"
PERSONS = Persons(secret=b"of the chaos", tenant_id=TENANT)
MESSAGE = Message(title="t", url="https://e.example/")


class Owner:
    """One campaign that is sent at once. Each of its own steps is whole; their failing is tested elsewhere."""

    def __init__(self, simulation: Simulation, due: Due, order: Order) -> None:
        self._simulation = simulation
        self._due = due
        self.campaign = Campaign(
            id=CAMPAIGN,
            tenant_id=TENANT,
            site_id=SITE,
            name="c",
            message=MESSAGE,
            audience=EVERYONE,
            created_at=EPOCH,
            status=Status.SENDING,
            careful=order.careful,
            throttle_per_minute=order.throttle_per_minute,
            expires_at=EPOCH + order.expires_after,
            run_id=RUN,
        )
        self.on_write: Callable[[], None] = lambda: None  # of the campaign without its run

    @property
    def has_called_it_off(self) -> bool:
        """Cancelled, and whoever had to know does."""
        return self.campaign.status is Status.CANCELLED and self.campaign.look_at is None

    def send(self) -> Entry:
        """The entry that the planner is woken with, and that stands until it says that it has launched."""
        look_at = self._due.put(kind=Kind.CAMPAIGN, tenant_id=TENANT, owner_id=CAMPAIGN, at=self._now, now=self._now)
        self.campaign = replace(self.campaign, look_at=look_at)
        return Entry.at_its_minute(Kind.CAMPAIGN, TENANT, CAMPAIGN, look_at)

    def replaced(self, campaign: Campaign) -> Campaign:
        """IF nobody else has written it. What its run changes with it, the run's store has written then."""
        if campaign.rev != self.campaign.rev:
            raise Stale
        self.campaign = replace(campaign, rev=campaign.rev + 1)
        return self.campaign

    async def get(self, _tenant_id: str, _campaign_id: str) -> Campaign | None:
        found: Campaign = await ask(Call(lambda: self.campaign))
        return found

    async def cancel(self, campaign: Campaign, *, now: datetime) -> Campaign:
        def apply() -> Campaign:
            cancelled = replace(campaign.to(Status.CANCELLED), look_at=no_earlier(now, than=now))
            saved = self.replaced(cancelled)
            self._due.put(kind=Kind.CAMPAIGN, tenant_id=TENANT, owner_id=CAMPAIGN, at=now, now=now)
            self._due.drop(kind=Kind.CAMPAIGN, tenant_id=TENANT, owner_id=CAMPAIGN, at=campaign.look_at)
            self.on_write()
            return saved

        saved: Campaign = await ask(Call(apply))
        return saved

    async def release(self, entry: Entry, *, now: datetime) -> Launch | None:
        def apply() -> Launch | None:
            if not self._due.settle(entry, look_at=self.campaign.look_at, now=now):
                return None
            return Launch(self.campaign, RUN)

        launch: Launch | None = await ask(Call(apply))
        return launch

    async def launched(self, entry: Entry) -> None:
        def apply() -> None:
            if entry.at == self.campaign.look_at:
                self.replaced(replace(self.campaign, look_at=None))
                self.on_write()
            self._due.done(entry)

        await ask(Call(apply))

    async def finish(self, run: Run, *, now: datetime) -> None:
        def apply() -> None:
            assert now.tzinfo is not None
            if self.campaign.status in UNDER_WAY:
                ended = Status.CANCELLED if run.state is State.CANCELLED else Status.SENT
                self.replaced(self.campaign.to(ended))
                self.on_write()

        await ask(Call(apply))

    @property
    def _now(self) -> datetime:
        return self._simulation.now()


class People:
    """Keeps what changed and when, as nobody in the engine may know it."""

    def __init__(
        self, simulation: Simulation, audience: Audience, services: PushServices, hosts: tuple[str, ...]
    ) -> None:
        self.returned_at: dict[bytes, float] = {}
        self._simulation = simulation
        self._rng = simulation.rng
        self._audience = audience
        self._services = services
        self._hosts = hosts
        self._keys: list[bytes] = []
        self._first: dict[bytes, Subscriber] = {}
        self._changes: dict[bytes, list[tuple[float, Subscriber]]] = {}

    def versions(self, key: bytes) -> list[tuple[float, Subscriber]]:
        """As it was when the story began, and as each change left it."""
        first = [(0.0, self._first[key])] if key in self._first else []
        return first + self._changes.get(key, [])

    def changed_at(self, key: bytes) -> float | None:
        """For the first time: coming is a change, too."""
        changes = self._changes.get(key)
        return changes[0][0] if changes else None

    def settle(self, number: int, *, gone: float) -> None:
        """Those who are there before it begins; some left long ago, some have gone without a word."""
        for _ in range(number):
            row = self._subscribed(active_since=0, is_active=self._rng.random() < 0.97)
            self._first[row.key] = row
            if self._rng.random() < gone:
                self._services.gone.add(row.key)

    def come_or_go(self) -> None:
        rng, now = self._rng, self._simulation.seconds
        if not self._keys or rng.random() < 0.25:
            key = self._subscribed(active_since=self._now).key
        else:
            key = rng.choice(self._keys)
            self._turn(self._audience.rows[key])
        self._changes.setdefault(key, []).append((now, self._audience.rows[key]))

    def _turn(self, row: Subscriber) -> None:
        rng, key = self._rng, row.key
        if not row.is_active:
            self._audience.rows[key] = replace(row, is_active=True, active_since=self._now, external_id=self._name())
            self._services.gone.discard(key)
            self.returned_at[key] = self._simulation.seconds
        elif key in self._services.gone:  # its browser gave it up long ago, and now asks for another
            self._audience.rows[key] = replace(row, active_since=self._now)
            self._services.gone.discard(key)
            self.returned_at[key] = self._simulation.seconds
        elif rng.random() < 0.3:
            self._audience.rows[key] = replace(row, external_id=self._name())
        else:
            self._audience.rows[key] = replace(row, is_active=False)
            if rng.random() < 0.5:
                self._services.gone.add(key)

    def _subscribed(self, *, active_since: int, is_active: bool = True) -> Subscriber:
        rng = self._rng
        row = Subscriber(rng.randbytes(16), is_active, active_since, self._name(), rng.choice(self._hosts))
        self._audience.rows[row.key] = row
        self._keys.append(row.key)
        return row

    def _name(self) -> str:
        return f"person {self._rng.randrange(10**6)}"

    @property
    def _now(self) -> int:
        return in_milliseconds(self._simulation.now())
