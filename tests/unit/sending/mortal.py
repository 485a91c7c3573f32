"""A small installation whose process dies at one chosen step, before or after it took effect, and whose next ticks and
messages then have to mend it. Owners' calls, planner, workers and sweeper are the real ones.
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from chalicelib.channels.outcome import ACCEPTED, Outcome
from chalicelib.core import drive
from chalicelib.core.identity import Mode
from chalicelib.features.campaigns.model import Campaign, NotUnderWay, WrongState
from chalicelib.features.campaigns.service import Campaigns, Draft
from chalicelib.features.due.model import DueMessage, Entry, Kind
from chalicelib.features.due.service import Due
from chalicelib.features.sending.adapters.world import CampaignOwners, RunCalendar
from chalicelib.features.sending.model.run import Lane, Run
from chalicelib.features.sending.service.ports import Ports, Recipient, Tuning
from chalicelib.features.sending.service.release import release
from chalicelib.features.sending.service.sending import Sending
from chalicelib.features.sending.service.sweep import sweep
from chalicelib.features.sending.service.work import work
from tests.chaos.simulation import CALM, Simulation
from tests.chaos.stores import HOST, Entries, Subscriber
from tests.unit.campaigns.memory import (
    MESSAGE,
    NOON,
    SITE,
    TENANT,
    KnownSites,
    MemoryCampaigns,
    MemoryCampaignsOnSites,
)
from tests.unit.sending.scene import PERSONS, Audience, Batches, Chance, Gates, Notices, Runs, Switch


class Killed(BaseException):
    """The process is gone."""


class Mortal:
    """Counts the steps of everything it wraps; each call is two: just before its effect, and just after."""

    def __init__(self) -> None:
        self.steps = 0
        self.dies_at: int | None = None

    def wrap(self, thing: Any) -> Any:
        return _Wrapped(self, thing)

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.dies_at:
            raise Killed


_LOOKS = {"of_minute", "watermark", "raise_watermark"}  # a tick makes hundreds of them, and they change nothing


class _Wrapped:
    def __init__(self, life: Mortal, thing: Any) -> None:
        self._life = life
        self._thing = thing

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._thing, name)
        if name in _LOOKS:
            return found
        if inspect.iscoroutinefunction(found):
            return self._later(found)
        return self._now(found) if callable(found) else found

    def _now(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def mortal(*args: Any, **kwargs: Any) -> Any:
            self._life.step()
            answer = call(*args, **kwargs)
            self._life.step()
            return answer

        return mortal

    def _later(self, call: Callable[..., Any]) -> Callable[..., Any]:
        async def mortal(*args: Any, **kwargs: Any) -> Any:
            self._life.step()
            answer = await call(*args, **kwargs)
            self._life.step()
            return answer

        return mortal


class _Pushes:
    def __init__(self, accepted: list[bytes]) -> None:
        self._accepted = accepted
        self._come: list[tuple[bytes, Outcome]] = []

    def host_of(self, _recipient: Recipient) -> str:
        return HOST

    def start(self, recipient: Recipient) -> str:
        self._accepted.append(recipient.key)
        self._come.append((recipient.key, ACCEPTED))
        return HOST

    async def outcomes(self, _wait_seconds: float) -> Sequence[tuple[bytes, Outcome]]:
        found, self._come = self._come, []
        return found

    def abandon(self) -> None:
        self._come = []


class Installation:
    BROWSERS = 6

    def __init__(self, dies_at: int | None = None) -> None:
        self.life = life = Mortal()
        self.time = NOON
        self.accepted: list[bytes] = []
        self.queue: deque[Callable[[], None]] = deque()
        self.deaths = 0
        self.entries, audience = Entries(), Audience(_STILL)
        self.rows, self.runs, self.batches = (
            MemoryCampaigns(entries=self.entries),
            Runs(_STILL, self.entries, self._replaced),
            Batches(_STILL),
        )
        keys = [bytes([n * 40]) * 16 for n in range(self.BROWSERS)]  # four in the first batch, two in the second
        audience.rows.update({key: Subscriber(key) for key in keys})
        due = Due(entries=life.wrap(self.entries), wakes=life.wrap(_Ticks(self)), alarm=lambda event, **_: None)
        self.due = due
        self.campaigns = Campaigns(
            rows=life.wrap(self.rows),
            on_sites=life.wrap(MemoryCampaignsOnSites(self.rows, KnownSites())),
            sites=KnownSites(),
            calendar=due,
            wakes=life.wrap(self),
            clicks="https://push.example.com/c/",
        )
        self.ports = Ports(
            runs=life.wrap(self.runs),
            batches=life.wrap(self.batches),
            audience=life.wrap(audience),
            channel=self,
            wakes=life.wrap(_Lanes(self)),
            calendar=RunCalendar(due),
            campaigns=CampaignOwners(self.campaigns),
            gates=life.wrap(Gates(_STILL)),
            notices=Notices(),
            switch=Switch(_STILL),
            clock=self,
            chance=Chance(),
            persons=lambda tenant_id: PERSONS,
            tuning=Tuning(rows_per_batch=3, window=2, careful_window=1),
        )
        self.sending = Sending(ports=self.ports, campaigns=self.campaigns, people=_Nobody(), run_list=self.runs)
        draft = Draft(name="Spring", message=MESSAGE)
        self.id = self.campaigns.create(tenant_id=TENANT, site_id=SITE, draft=draft, mode=Mode.LIVE, now=NOON).id
        life.steps, life.dies_at = 0, dies_at

    # what owners do; a call that dies is a 5xx to them

    @property
    def campaign(self) -> Campaign:
        return self.rows.rows[TENANT, self.id]

    def survive(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except Killed:
            self.deaths += 1
            return False
        return True

    def send(self) -> None:
        self.survive(lambda: self.campaigns.send(self.campaign, mode=Mode.LIVE, now=self.time))

    def schedule(self, *, minutes: int = 2) -> None:
        at = self.time + timedelta(minutes=minutes)
        self.survive(lambda: self.campaigns.schedule(self.campaign, at=at, mode=Mode.LIVE, now=self.time))

    def unschedule(self) -> None:
        self.survive(lambda: self.campaigns.unschedule(self.campaign, now=self.time))

    def cancel(self) -> None:
        self.survive(lambda: self.sending.cancel(self.campaign, now=self.time))

    def delete(self) -> bool:
        """Whether it is gone: not while something that runs may still have to hear of its end."""
        with suppress(WrongState):
            self.survive(lambda: self.campaigns.remove(self.campaign))
        return not self.rows.rows

    def pause(self) -> None:
        self._turn(self.sending.pause)

    def resume(self) -> None:
        self._turn(self.sending.resume)

    def _turn(self, turn: Callable[[Campaign], Campaign]) -> None:
        with suppress(WrongState, NotUnderWay):
            self.survive(lambda: turn(self.campaign))

    def _replaced(self, campaign: Campaign) -> Campaign:
        return self.rows.save(TENANT, campaign)

    # time

    def pass_time(self, *, minutes: int, messages: int = 10**6) -> None:
        """Until all is quiet, or so many messages are handled. What dies is tried again by its queue six minutes later, as SQS would."""
        again: list[tuple[datetime, Callable[[], None]]] = []
        for _ in range(minutes):
            if not (self.entries.rows or self.queue or again):
                return
            self.time += timedelta(minutes=1)
            self.survive(lambda: self.due.tick(now=self.time, has_time=lambda: True))
            self.queue.extend(act for at, act in again if at <= self.time)
            again = [(at, act) for at, act in again if at > self.time]
            while self.queue and messages > 0:
                messages -= 1
                act = self.queue.popleft()
                if not self.survive(act):
                    again.append((self.time + timedelta(minutes=6), act))

    # the ports that are its own

    def now(self) -> datetime:
        return self.time

    async def open(self, _run: Run) -> _Pushes:
        return _Pushes(self.accepted)

    def send_due(self, message: DueMessage) -> None:
        handler = release if message.kind == Kind.CAMPAIGN else sweep
        self.queue.append(
            lambda: drive.run(handler(self.ports, message.entry, deadline=self.time + timedelta(minutes=1)))
        )

    def plan(self, entry: Entry) -> None:
        self.send_due(entry.message())


class _Lanes:
    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    async def send(self, _lane: Lane, run: Run, numbers: Iterable[int], *, delay_seconds: int = 0) -> None:
        assert delay_seconds == 0
        for number in numbers:
            self._installation.queue.append(self._work(run, number))

    async def look(self, run: Run) -> None:
        assert run.look_at is not None
        self._installation.send_due(Entry.at_its_minute(Kind.RUN, run.tenant_id, run.id, run.look_at).message())

    def _work(self, run: Run, number: int) -> Callable[[], None]:
        there = self._installation

        def wake() -> None:
            deadline = there.time + timedelta(seconds=60)
            drive.run(work(there.ports, tenant_id=run.tenant_id, run_id=run.id, number=number, deadline=deadline))

        return wake


class _Ticks:
    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def send(self, _queue: str, message: DueMessage, *, delay_seconds: int) -> None:
        assert delay_seconds < 60
        self._installation.send_due(message)


class _Nobody:
    def keys_of(self, *, tenant_id: str, site_id: str, external_id: str) -> Sequence[bytes]:
        raise AssertionError((tenant_id, site_id, external_id))


_STILL = Simulation(0, CALM)
