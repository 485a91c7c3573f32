"""Several of the engine's coroutines, each on a virtual clock of its own: whoever is furthest behind goes on.

So a processor that they share is asked for in the order of time, as a function's threads would ask for it.
"""

from __future__ import annotations

import heapq
from collections.abc import Coroutine, Generator, Iterable
from types import coroutine
from typing import Any, Protocol


class Clock(Protocol):
    @property
    def seconds(self) -> float: ...


def run(lives: Iterable[tuple[Clock, Coroutine[Any, Any, Any]]]) -> None:
    """To the end of all of them."""
    waiting = [(clock.seconds, number, clock, life) for number, (clock, life) in enumerate(lives)]
    heapq.heapify(waiting)
    while waiting:
        _, number, clock, life = heapq.heappop(waiting)
        try:
            life.send(None)
        except StopIteration:
            continue
        heapq.heappush(waiting, (clock.seconds, number, clock, life))


@coroutine
def others_first() -> Generator[None, None, None]:
    """Time has passed for whoever waits here."""
    yield
