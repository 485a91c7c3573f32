"""Many seeds in several processes, and what they add up to."""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import connection, parent_process
from signal import SIG_BLOCK, SIG_UNBLOCK, SIGINT, pthread_sigmask
from threading import Thread

from tests.chaos.mutants import MUTANTS
from tests.chaos.story import Story
from tests.chaos.weather import weather
from tests.chaos.witness import Breach, Kind

SUBSCRIBERS = 10_000
_INTERRUPT = frozenset({SIGINT})


@dataclass(frozen=True)
class Told:
    """One seed: its breaches, and figures for the sum."""

    seed: int
    breaches: tuple[Breach, ...]
    figures: Counter[str]


def tell(seed: int, *, subscribers: int) -> Told:
    gc.disable()  # a story leaves cycles; they are collected between two of them
    try:
        story = Story(seed, weather(seed, subscribers))
        breaches = story.tell()
        return Told(seed, tuple(breaches), figures_of(story))
    finally:
        del story
        gc.enable()
        gc.collect()


def tell_all(seeds: Iterable[int], *, subscribers: int, processes: int) -> Iterator[Told]:
    """In their order."""
    with _pool(processes) as pool:
        yield from pool.map(partial(tell, subscribers=subscribers), seeds, chunksize=2)


def try_mutants(*, processes: int) -> Iterator[tuple[str, tuple[int, Breach] | None]]:
    """Each by its name, with how it was caught."""
    names = [mutant.name for mutant in MUTANTS]
    with _pool(processes) as pool:
        yield from zip(names, pool.map(_try_mutant, names), strict=True)


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Who leaves early does not wait for what was not begun; who is interrupted while they are hired hears it then: for
    processes of half a pool one would wait for ever.
    """
    pool = ProcessPoolExecutor(processes, initializer=_go_with_parent)
    try:
        pthread_sigmask(SIG_BLOCK, _INTERRUPT)
        pool.submit(bool)
        pthread_sigmask(SIG_UNBLOCK, _INTERRUPT)
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _go_with_parent() -> None:
    """A pool's processes would wait for ever for more from one that was killed."""
    pthread_sigmask(SIG_UNBLOCK, _INTERRUPT)
    parent = parent_process()
    assert parent is not None

    def wait() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    Thread(target=wait, daemon=True).start()


def _try_mutant(name: str) -> tuple[int, Breach] | None:
    (mutant,) = (mutant for mutant in MUTANTS if mutant.name == name)
    return mutant.caught()


def figures_of(story: Story) -> Counter[str]:
    tally = story.simulation.tally
    return Counter(
        actors=tally.actors,
        calls=tally.calls,
        pushes=len(story.services.attempted),
        kills=tally.kills,
        gave_up=tally.gave_up,
        frozen=tally.frozen,
        zombies=tally.zombies,
        throttles=tally.throttles,
        lost_answers=tally.lost_answers,
        unknown=len(story.services.unknown),
        duplicates=story.duplicates,
        without_excuse=tally.kills == tally.zombies == len(story.services.unknown) == 0,
        hours=round(story.simulation.seconds / 3_600),
    )


def kinds(told: Told) -> dict[str, int]:
    """Lost subscribers are counted one by one, everything else by seed."""
    lost = sum(breach.number for breach in told.breaches if breach.kind is Kind.LOST)
    found = {breach.kind.value for breach in told.breaches}
    return {kind: 1 for kind in found if kind != Kind.LOST} | ({"lost": lost} if lost else {})


def replay(seed: int, *, subscribers: int) -> str:
    return f"python -m tests.chaos --seed {seed} --subscribers {subscribers}"
