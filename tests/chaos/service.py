"""The push services of the simulation: they take, refuse, hang and forget by seed, and a ledger knows what they took."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from chalicelib.channels.outcome import ACCEPTED, Outcome, Verdict
from chalicelib.features.sending.service.ports import Recipient
from tests.chaos.simulation import Actor, Call, Simulation, ask
from tests.chaos.stores import Subscriber

GONE = Outcome(Verdict.GONE, "ended")
REFUSED = Outcome(Verdict.FAILED, "vapid_refused")
BUSY = Outcome(Verdict.LATER, "service_busy")
UNKNOWN = Outcome(Verdict.UNKNOWN, "no_answer")
_BLINK = 1e-9  # what adding floats may lose
_UNREACHED = Outcome(Verdict.UNREACHED, "no_connection")
_BAD_MESSAGE = Outcome(Verdict.FAILED, "message_refused")
_THROTTLED = tuple(Outcome(Verdict.LATER, "throttled", seconds) for seconds in (None, 1.0, 30.0, 1_200.0))


@dataclass(frozen=True)
class Habits:
    """Shares of all pushes; `gone` of all subscribers. Seconds from a push to its answer."""

    gone: float = 0.05
    refused: float = 0.0
    throttled: float = 0.0
    broken: float = 0.0
    unreached: float = 0.0
    unknown: float = 0.0
    hanging: float = 0.0
    latency: tuple[float, float] = (0.010, 0.120)


ORDINARY = Habits()


class Trouble(StrEnum):
    BUSY = "busy"
    REFUSED = "refused"
    MASS_GONE = "mass_gone"


@dataclass(frozen=True)
class Episode:
    """For a while a host has one answer for everybody; `share` of everybody when it calls them gone."""

    host: str
    trouble: Trouble
    begins: float = 0.0
    ends: float = float("inf")
    share: float = 1.0


class Answer(NamedTuple):
    """What the sender will hear, after how long, and whether the push was taken."""

    outcome: Outcome
    seconds: float
    is_taken: bool


class Watch(Protocol):
    def __call__(self, subscriber: Subscriber, actor: Actor | None) -> None: ...


class PushServices:
    HANG_SECONDS = 10.0
    GATHER_SECONDS = 0.0  # answers that come this close together are heard together

    def __init__(self, simulation: Simulation, habits: Habits, episodes: Sequence[Episode] = ()) -> None:
        self.simulation = simulation
        self.accepted: Counter[bytes] = Counter()
        self.attempted: set[bytes] = set()
        self.unknown: list[bytes] = []
        self.untold: set[bytes] = set()  # taken, but whoever sent it last never stored that
        self.gone: set[bytes] = set()
        self.called_gone: dict[bytes, float] = {}  # and when, last
        self.heard_gone: set[bytes] = set()
        self.on_push: Watch = lambda _subscriber, _actor: None
        self.sessions: dict[Actor, Pushes] = {}
        self._habits = habits
        self._episodes = episodes
        self._fates = list(_fates(habits))

    def answer(self, subscriber: Subscriber) -> Answer:
        rng, (shortest, longest) = self.simulation.rng, self._habits.latency
        latency = shortest + rng.random() * (longest - shortest)
        for episode in self._episodes:
            if episode.host == subscriber.host and episode.begins <= self.simulation.seconds < episode.ends:
                answer = self._troubled(episode, subscriber.key, latency)
                if answer is not None:
                    return answer
        if subscriber.key in self.gone:
            self.called_gone[subscriber.key] = self.simulation.seconds
            return Answer(GONE, latency, is_taken=False)
        chance = rng.random()
        for most, outcomes, is_answered in self._fates:
            if chance < most:
                outcome = outcomes[int(rng.random() * len(outcomes))]
                return self._fated(subscriber.key, outcome, latency if is_answered else self.HANG_SECONDS)
        return Answer(ACCEPTED, latency, is_taken=True)

    def _fated(self, key: bytes, outcome: Outcome, seconds: float) -> Answer:
        if outcome is not UNKNOWN:
            return Answer(outcome, seconds, is_taken=False)
        self.unknown.append(key)
        return Answer(outcome, seconds, is_taken=self.simulation.rng.random() < 0.5)

    def _troubled(self, episode: Episode, key: bytes, latency: float) -> Answer | None:
        if episode.trouble is Trouble.MASS_GONE:
            if key[-1] >= 256 * episode.share:
                return None
            self.called_gone[key] = self.simulation.seconds
            return Answer(GONE, latency, is_taken=False)
        return Answer(BUSY if episode.trouble is Trouble.BUSY else REFUSED, latency, is_taken=False)

    def took(self, key: bytes, *, is_told: bool) -> None:
        self.accepted[key] += 1
        if is_told:
            self.untold.discard(key)
        else:
            self.untold.add(key)


def _fates(habits: Habits) -> Sequence[tuple[float, tuple[Outcome, ...], bool]]:
    """Upper ends on one scale from 0 to 1, so that one throw of the dice decides; beyond the last it is taken."""
    shares: list[tuple[float, tuple[Outcome, ...], bool]] = [
        (habits.refused, (_BAD_MESSAGE,), True),
        (habits.throttled, _THROTTLED, True),
        (habits.broken, (BUSY,), True),
        (habits.unreached, (_UNREACHED,), True),
        (habits.unknown, (UNKNOWN,), True),
        (habits.hanging, (UNKNOWN,), False),
    ]
    ends, most = [], 0.0
    for share, outcomes, is_answered in shares:
        most += share
        ends.append((most, outcomes, is_answered))
    return ends


class _UnderWay(NamedTuple):
    at: float
    order: int
    key: bytes
    answer: Answer
    reaches_at: float


class Pushes:
    """One worker's way there. What has reached the service when the worker dies was taken; the rest never left."""

    def __init__(self, services: PushServices, actor: Actor | None = None) -> None:
        self.taken: list[bytes] = []  # those answers that the wire lost aside
        self.unheard: list[bytes] = []
        self.at_risk: int | None = None  # since another holds its batch: what that one may repeat
        self._services = services
        self._simulation = services.simulation
        self._actor = actor
        self._under_way: list[_UnderWay] = []
        self._started = 0
        self._waiting: Actor | None = None

    def host_of(self, recipient: Recipient) -> str:
        return _subscriber(recipient).host

    def start(self, recipient: Recipient) -> str:
        subscriber = _subscriber(recipient)
        services, now = self._services, self._simulation.seconds
        services.on_push(subscriber, self._actor)
        services.attempted.add(subscriber.key)
        answer = services.answer(subscriber)
        self._started += 1
        reaches_at = now + min(answer.seconds, 0.1) / 2
        heapq.heappush(
            self._under_way, _UnderWay(now + answer.seconds, self._started, subscriber.key, answer, reaches_at)
        )
        return subscriber.host

    async def outcomes(self, wait_seconds: float) -> Sequence[tuple[bytes, Outcome]]:
        found: Sequence[tuple[bytes, Outcome]] = await ask(
            Call(None, may_fail=False, wake=lambda actor: self._wait(actor, wait_seconds))
        )
        return found

    def abandon(self) -> None:
        """Also what a death comes to: nobody listens any more."""
        now = self._simulation.seconds
        for push in self._under_way:
            if push.answer.is_taken and push.reaches_at <= now:
                self._services.took(push.key, is_told=False)
                if push.answer.outcome is ACCEPTED:
                    self.unheard.append(push.key)
        self._under_way.clear()
        self._waiting = None

    def _wait(self, actor: Actor, wait_seconds: float) -> None:
        simulation, services = self._simulation, self._services
        self._waiting = actor
        seconds = wait_seconds
        if self._under_way:
            first = max(0.001, self._under_way[0].at - simulation.seconds)
            seconds = min(wait_seconds, first + services.GATHER_SECONDS)
        simulation.after(seconds, lambda: self._wake(actor))

    def _wake(self, actor: Actor) -> None:
        if self._waiting is not actor or not actor.is_alive:
            return
        self._waiting = None
        under_way, now, come = self._under_way, self._simulation.seconds, []
        while under_way and under_way[0].at <= now + _BLINK:
            push = heapq.heappop(under_way)
            come.append((push.key, push.answer.outcome))
            self._land(push.key, push.answer)
        self._simulation.resume(actor, come)

    def _heard(self, key: bytes) -> None:
        self.taken.append(key)
        if self.at_risk is not None:
            self.at_risk += 1

    def _land(self, key: bytes, answer: Answer) -> None:
        if answer.is_taken:
            is_heard = answer.outcome is ACCEPTED
            self._services.took(key, is_told=is_heard and self.at_risk is None)
            if is_heard:
                self._heard(key)
        elif answer.outcome is GONE:
            self._services.heard_gone.add(key)


class Channel:
    def __init__(self, services: PushServices) -> None:
        self._services = services

    async def open(self, _run: object) -> Pushes:
        actor = self._services.simulation.acting
        pushes = Pushes(self._services, actor)
        if actor is not None:
            self._services.sessions[actor] = pushes
        return pushes


def _subscriber(recipient: Recipient) -> Subscriber:
    assert isinstance(recipient, Subscriber)
    return recipient
