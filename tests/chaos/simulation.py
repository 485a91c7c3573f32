"""A discrete world in one thread: actors are coroutines, time is a heap, and a seed decides everything.

Every await of an actor hands the world a `Call`; the world decides when it takes effect, whether it fails, whether its
answer is lost, and whether the actor lives to hear it.
"""

from __future__ import annotations

import heapq
import itertools
import random
import types
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from chalicelib.core.errors import Unavailable

T = TypeVar("T")

EPOCH = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Faults:
    """Probabilities for each call, unless the name says otherwise."""

    kill: float = 0.0
    throttle: float = 0.0
    lose_answer: float = 0.0
    stall: float = 0.0
    duplicate_wake: float = 0.0
    lose_wake: float = 0.0
    kill_at_call: int | None = None  # exactly this call of the whole story, for walking through all of them


CALM = Faults()


@dataclass
class Call:
    """What an actor waits for: `apply` runs when it reaches the other side; a wait has none."""

    apply: Callable[[], Any] | None
    may_fail: bool = True
    wake: Callable[[Actor], None] | None = None


@types.coroutine
def ask(call: Call) -> Generator[Call, Any, Any]:
    return (yield call)


class Killed(BaseException):
    """The process is gone: nothing in it may run on, not even `except Exception`."""


@dataclass(eq=False)
class Actor:
    name: str
    coroutine: Coroutine[Call, Any, Any]
    ended: Callable[[bool], None]
    skew: timedelta
    born: float
    is_alive: bool = True
    stalled_until: float = 0.0


@dataclass
class Tally:
    calls: int = 0
    kills: int = 0
    zombies: int = 0
    throttles: int = 0
    lost_answers: int = 0
    notes: list[str] = field(default_factory=list)


class Simulation:
    LATENCY = (0.002, 0.020)
    STALL_SECONDS = (95.0, 200.0)

    def __init__(self, seed: int, faults: Faults) -> None:
        self.rng = random.Random(seed)
        self.faults = faults
        self.tally = Tally()
        self.seconds = 0.0
        self.acting: Actor | None = None
        self._order = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []

    # time

    def now(self) -> datetime:
        skew = self.acting.skew if self.acting else timedelta()
        return EPOCH + timedelta(seconds=self.seconds) + skew

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.seconds + seconds, next(self._order), event))

    def run(self, *, until: Callable[[], bool], at_most_seconds: float) -> bool:
        while self._events and not until():
            at, _, event = heapq.heappop(self._events)
            if at > at_most_seconds:
                return False
            self.seconds = max(self.seconds, at)
            event()
        return until()

    # actors

    def spawn(
        self, name: str, coroutine: Coroutine[Call, Any, Any], *, ended: Callable[[bool], None], skew: timedelta
    ) -> Actor:
        actor = Actor(name, coroutine, ended, skew, self.seconds)
        self.after(0, lambda: self._step(actor, None, None))
        return actor

    def kill(self, actor: Actor) -> None:
        if actor.is_alive:
            actor.is_alive = False
            self.tally.kills += 1
            actor.coroutine.close()
            actor.ended(False)

    def resume(self, actor: Actor, value: object) -> None:
        self._step(actor, value, None)

    def _step(self, actor: Actor, value: object, error: Exception | None) -> None:
        if not actor.is_alive:
            return
        self.acting = actor
        try:
            call = actor.coroutine.throw(error) if error else actor.coroutine.send(value)
        except StopIteration:
            actor.is_alive = False
            actor.ended(True)
        except Unavailable:
            actor.is_alive = False
            actor.ended(False)
        else:
            self._perform(actor, call)
        finally:
            self.acting = None

    def _perform(self, actor: Actor, call: Call) -> None:
        self.tally.calls += 1
        rng, faults = self.rng, self.faults
        dies = rng.random() < faults.kill or self.tally.calls == faults.kill_at_call
        if dies and (call.wake is not None or rng.random() < 0.5):  # before it left
            self.kill(actor)
            return
        if call.wake is not None:
            call.wake(actor)
            return
        latency = rng.uniform(*self.LATENCY)
        if rng.random() < faults.stall:
            latency += rng.uniform(*self.STALL_SECONDS)
            self.tally.zombies += 1
        self.after(latency, lambda: self._arrive(actor, call, dies=dies))

    def _arrive(self, actor: Actor, call: Call, *, dies: bool) -> None:
        """The call reaches the store whether or not its sender still lives."""
        rng, faults = self.rng, self.faults
        if call.may_fail and rng.random() < faults.throttle:
            self.tally.throttles += 1
            self._answer(actor, None, Unavailable("throttled"), dies=dies)
            return
        assert call.apply is not None
        self.acting, before = actor, self.acting
        try:
            value, error = call.apply(), None
        except Exception as raised:  # noqa: BLE001 -- whatever a store raises is the actor's to hear
            value, error = None, raised
        finally:
            self.acting = before
        if call.may_fail and error is None and rng.random() < faults.lose_answer:
            self.tally.lost_answers += 1
            error = Unavailable("the answer was lost")
        self._answer(actor, value, error, dies=dies)

    def _answer(self, actor: Actor, value: object, error: Exception | None, *, dies: bool) -> None:
        if dies:
            self.kill(actor)
        else:
            self._step(actor, value, error)
