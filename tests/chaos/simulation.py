"""A discrete world in one thread: actors are coroutines, time is a heap, and a seed decides everything.

Every await of an actor hands the world a `Call`; the world decides when it takes effect, whether it fails, whether its
answer is lost, and whether the actor lives to hear it.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
import types
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from chalicelib.core.errors import Unavailable

T = TypeVar("T")

EPOCH = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Faults:
    """Shares: of actors that are killed, of calls that fail or freeze their caller, of messages."""

    kill: float = 0.0
    throttle: float = 0.0
    lose_answer: float = 0.0
    freeze: float = 0.0
    stale_read: float = 0.0
    duplicate_wake: float = 0.0
    lose_wake: float = 0.0
    kill_at_call: int | None = None  # exactly this call of the whole story, for walking through all of them


CALM = Faults()


@dataclass(slots=True)
class Call:
    """What an actor waits for: `apply` runs when it reaches the other side; a wait has none."""

    apply: Callable[[], Any] | None
    may_fail: bool = True
    wake: Callable[[Actor], None] | None = None


@types.coroutine
def ask(call: Call) -> Generator[Call, Any, Any]:
    return (yield call)


class End(StrEnum):
    DONE = "done"
    KILLED = "killed"
    GAVE_UP = "gave_up"  # its stores did not answer, however often it asked
    RAISED = "raised"  # what nobody expected


@dataclass(eq=False)
class Actor:
    """`frozen_seconds`: its whole sandbox stood still, its timer too. `is_fenced`: its batch was another's meanwhile."""

    name: str
    coroutine: Coroutine[Call, Any, Any]
    ended: Callable[[bool], None]
    skew: timedelta
    doom: int | None = None
    calls: int = 0
    is_alive: bool = True
    is_fenced: bool = False
    frozen_seconds: float = 0.0
    holds: Any = None
    raised: Exception | None = None


@dataclass
class Tally:
    """`kills` are those by the world and by the clock; `zombies` lived on while another held their batch."""

    actors: int = 0
    calls: int = 0
    kills: int = 0
    gave_up: int = 0
    frozen: int = 0
    zombies: int = 0
    throttles: int = 0
    lost_answers: int = 0


class Simulation:
    LATENCY = (0.002, 0.020)
    FREEZE_SECONDS = (95.0, 200.0)
    LONGEST_LIFE = 120  # calls of a doomed actor

    def __init__(self, seed: int, faults: Faults) -> None:
        self.rng = random.Random(seed)
        self.faults = faults
        self.tally = Tally()
        self.seconds = 0.0
        self.acting: Actor | None = None
        self.on_end: Callable[[Actor, End], None] = lambda _actor, _end: None
        self._order = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._dooms = 0
        self._read: tuple[float, Actor | None, datetime] = (-1.0, None, EPOCH)

    # time

    def now(self) -> datetime:
        """By the clock of whoever asks."""
        seconds, acting, found = self._read
        if seconds != self.seconds or acting is not self.acting:
            skew = self.acting.skew if self.acting else timedelta()
            found = EPOCH + timedelta(seconds=self.seconds) + skew
            self._read = (self.seconds, self.acting, found)
        return found

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
        self,
        name: str,
        coroutine: Coroutine[Call, Any, Any],
        *,
        ended: Callable[[bool], None],
        skew: timedelta,
        lives_seconds: float | None = None,
    ) -> Actor:
        actor = Actor(name, coroutine, ended, skew, self._doom())
        self.tally.actors += 1
        self.after(0, lambda: self._step(actor, None, None))
        if lives_seconds is not None:
            self._time_out(actor, lives_seconds, frozen_seconds=0.0)
        return actor

    def kill(self, actor: Actor) -> None:
        if actor.is_alive:
            self.tally.kills += 1
            actor.coroutine.close()
            self._end(actor, End.KILLED)

    def resume(self, actor: Actor, value: object) -> None:
        self._step(actor, value, None)

    def _doom(self) -> int | None:
        """At which of its calls it dies: early as likely as late. Who ends before leaves its doom to the next."""
        self._dooms += self.rng.random() < self.faults.kill
        if not self._dooms:
            return None
        self._dooms -= 1
        return int(math.exp(self.rng.uniform(0, math.log(self.LONGEST_LIFE))))

    def _time_out(self, actor: Actor, seconds: float, *, frozen_seconds: float) -> None:
        def strike() -> None:
            more = actor.frozen_seconds - frozen_seconds
            if more:
                self._time_out(actor, more, frozen_seconds=actor.frozen_seconds)
            else:
                self.kill(actor)

        self.after(seconds, strike)

    def _end(self, actor: Actor, end: End) -> None:
        actor.is_alive = False
        self._dooms += end is not End.KILLED and actor.doom is not None
        self.on_end(actor, end)
        actor.ended(end is End.DONE)

    def _step(self, actor: Actor, value: object, error: Exception | None) -> None:
        if not actor.is_alive:
            return
        self.acting = actor
        try:
            call = actor.coroutine.throw(error) if error else actor.coroutine.send(value)
        except StopIteration:
            self._end(actor, End.DONE)
        except Unavailable:
            self.tally.gave_up += 1
            self._end(actor, End.GAVE_UP)
        except Exception as raised:  # noqa: BLE001 -- one actor's fault is another line in the verdict, not the end
            actor.raised = raised
            self._end(actor, End.RAISED)
        else:
            self._perform(actor, call)
        finally:
            self.acting = None

    def _perform(self, actor: Actor, call: Call) -> None:
        self.tally.calls += 1
        actor.calls += 1
        rng, faults = self.rng, self.faults
        is_doomed = actor.calls == actor.doom
        dies = is_doomed or self.tally.calls == faults.kill_at_call
        if call.wake is not None:
            call.wake(actor)
            if dies:
                self.after(rng.uniform(0.0, 0.2) if is_doomed else 0.0, lambda: self.kill(actor))
            return
        if dies and rng.random() < 0.5:  # before it left
            self.kill(actor)
            return
        before, after = self._freeze(actor) if rng.random() < faults.freeze else (0.0, 0.0)
        self.after(before + rng.uniform(*self.LATENCY), lambda: self._arrive(actor, call, dies=dies, freeze=after))

    def _freeze(self, actor: Actor) -> tuple[float, float]:
        """Before its request left, or after the answer came."""
        seconds = self.rng.uniform(*self.FREEZE_SECONDS)
        actor.frozen_seconds += seconds
        self.tally.frozen += 1
        return (seconds, 0.0) if self.rng.random() < 0.5 else (0.0, seconds)

    def _arrive(self, actor: Actor, call: Call, *, dies: bool, freeze: float) -> None:
        """The call reaches the store whether or not its sender still lives."""
        value, error = self._apply(actor, call)
        if dies:
            self.kill(actor)
        elif freeze:
            self.after(freeze, lambda: self._step(actor, value, error))
        else:
            self._step(actor, value, error)

    def _apply(self, actor: Actor, call: Call) -> tuple[object, Exception | None]:
        rng, faults = self.rng, self.faults
        if call.may_fail and rng.random() < faults.throttle:
            self.tally.throttles += 1
            return None, Unavailable("throttled")
        assert call.apply is not None
        self.acting, before = actor, self.acting
        try:
            value = call.apply()
        except Exception as raised:  # noqa: BLE001 -- whatever a store raises is the actor's to hear
            return None, raised
        finally:
            self.acting = before
        if call.may_fail and rng.random() < faults.lose_answer:
            self.tally.lost_answers += 1
            return None, Unavailable("the answer was lost")
        return value, None
