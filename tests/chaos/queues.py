"""A queue of the simulation and the functions that read it: at least once, now and then never, and so many at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from tests.chaos.simulation import Call, Simulation

FUNCTION_SECONDS = 60.0
VISIBILITY_SECONDS = 360.0
MOST_RECEIVES = 5

Handler = Callable[[], Coroutine[Call, Any, None]]


@dataclass
class _Message:
    name: str
    handler: Handler
    generation: int
    receives: int = 0


class Queue:
    """A message is deleted when its handler returns, seen again when it does not, dead after its last receive."""

    def __init__(
        self,
        simulation: Simulation,
        *,
        at_once: int = 1_000,
        skew_seconds: float = 0.0,
        most_receives: int = MOST_RECEIVES,
    ) -> None:
        self._simulation = simulation
        self._at_once = at_once
        self._skew_seconds = skew_seconds
        self._most_receives = most_receives
        self._ready: deque[_Message] = deque()
        self._running = 0
        self._generation = 0

    def send(self, name: str, handler: Handler, *, delay_seconds: float = 0.0, is_safe: bool = False) -> None:
        """`is_safe`: neither lost nor doubled; whoever sends it would know."""
        rng, faults = self._simulation.rng, self._simulation.faults
        if not is_safe and rng.random() < faults.lose_wake:
            return
        for _ in range(2 if not is_safe and rng.random() < faults.duplicate_wake else 1):
            self._appear(_Message(name, handler, self._generation), delay_seconds + rng.uniform(0.0, 0.2))

    def purge(self) -> None:
        """What waits, what is delayed, and what would be seen again."""
        self._generation += 1
        self._ready.clear()

    def _appear(self, message: _Message, seconds: float) -> None:
        def appear() -> None:
            if message.generation == self._generation:
                self._ready.append(message)
                self._begin()

        self._simulation.after(seconds, appear)

    def _begin(self) -> None:
        while self._ready and self._running < self._at_once:
            message = self._ready.popleft()
            message.receives += 1
            self._running += 1
            self._simulation.spawn(
                message.name,
                message.handler(),
                ended=partial(self._ended, message),
                skew=timedelta(seconds=self._simulation.rng.uniform(-self._skew_seconds, self._skew_seconds)),
                lives_seconds=FUNCTION_SECONDS,
            )

    def _ended(self, message: _Message, is_done: bool) -> None:
        self._running -= 1
        if not is_done and message.receives < self._most_receives:
            self._appear(message, VISIBILITY_SECONDS)
        self._begin()
