"""The campaigns that are simulated, and what is asked of each. Every figure is a pure function of settings and seed."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil

from bench.simulation.lives import LIVES
from bench.simulation.queues import Plain, Queue
from bench.simulation.sends import Send
from bench.simulation.settings import Settings
from bench.simulation.world import World, lane_of
from chalicelib.features.sending.model.run import Lane, Run

MILLION = 1_000_000
_FEWER_SEEDS = 3
SEEDS = 9  # of which the middle one speaks: in some a push hangs twice near the end, in some none does
QUIET_TENANTS, QUIET_AUDIENCE = 50, 100
NOTIFICATIONS = 50
_BUSY_SECONDS = (5.0, 55.0)  # while the million is sent


@dataclass(frozen=True)
class Alone:
    """One campaign and nobody else: the world of the middle seed, and in how many seconds each seed was done."""

    world: World
    send: Send
    by_seed: tuple[float, ...]

    @property
    def seconds(self) -> float:
        return self.send.took


def alone(settings: Settings, subscribers: int, *, seeds: int = 1, lives: int = LIVES) -> Alone:
    lived = sorted((_alone(settings, subscribers, seed, lives) for seed in range(seeds)), key=lambda pair: pair[1].took)
    world, send = lived[len(lived) // 2]
    return Alone(world, send, tuple(each.took for _, each in lived))


def _alone(settings: Settings, subscribers: int, seed: int, lives: int) -> tuple[World, Send]:
    world = World(settings, seed=seed, lives_of_a_kind=lives)
    send = world.send("one", subscribers, at=0.0)
    world.live()
    return world, send


@dataclass(frozen=True)
class WhatIf:
    what: str
    million: Alone
    ten_millions: Alone


def what_ifs(settings: Settings, *, lives: int) -> Iterator[WhatIf]:
    """Each of these is a line or two of the product, of the template or of the settings."""
    line = settings.lines[Lane.BULK.value]
    twice = settings.with_line(line.name, mappings=_shared(line.most, 2))
    for what, changed in (
        ("one message an invocation", settings.with_line(line.name, at_once=1)),
        ("two messages an invocation", settings.with_line(line.name, at_once=2)),
        ("eight messages an invocation", settings.with_line(line.name, at_once=8)),
        ("batches of 1,024", replace(settings, rows_per_batch=1_024)),
        ("two mappings from the bulk queue to its function", twice),
        ("two mappings, batches of 1,024", replace(twice, rows_per_batch=1_024)),
    ):
        million = alone(changed, MILLION, seeds=_FEWER_SEEDS, lives=lives)
        yield WhatIf(what, million, alone(changed, 10 * MILLION, lives=lives))


def _shared(most: int, mappings: int) -> tuple[int, ...]:
    return tuple(most // mappings + (number < most % mappings) for number in range(mappings))


@dataclass(frozen=True)
class Fairness:
    """Seconds from request to last push of those who send little, and from acceptance to the wire of notifications."""

    big: Send
    quiet: tuple[float, ...]
    notified: tuple[float, ...]

    @property
    def quiet_p95(self) -> float:
        return percentile(self.quiet, 0.95)

    @property
    def slowest_notification(self) -> float:
        return max(self.notified)


def beside_a_million(
    settings: Settings,
    *,
    queue: Callable[[], Queue] = Plain,
    route: Callable[[Run], str] = lane_of,
    quiet_audience: int = QUIET_AUDIENCE,
    seed: int = 1,
) -> Fairness:
    """While one sends a million: fifty small campaigns and fifty notifications, at random moments."""
    world, chance = World(settings, seed=seed, queue=queue, route=route), random.Random(seed)  # noqa: S311 -- repeatable
    big = world.send("big", MILLION, at=0.0)
    quiet = [
        world.send(f"quiet{number}", quiet_audience, at=chance.uniform(*_BUSY_SECONDS))
        for number in range(QUIET_TENANTS)
    ]
    notified = [
        world.send(f"notify{number}", 1, at=chance.uniform(*_BUSY_SECONDS), is_transactional=True)
        for number in range(NOTIFICATIONS)
    ]
    world.live()
    return Fairness(
        big=big,
        quiet=tuple(send.took for send in quiet),
        notified=tuple(send.first_push_at - send.asked_at for send in notified),
    )


def crowd(settings: Settings, *, tenants: int, subscribers: int, queue: Callable[[], Queue] = Plain) -> list[float]:
    """Seconds each tenant took, when all send in the same second."""
    world, chance = World(settings, queue=queue), random.Random(1)  # noqa: S311 -- repeatable
    sends = [world.send(f"tenant{n}", subscribers, at=chance.uniform(0.0, 1.0)) for n in range(tenants)]
    world.live()
    return sorted(send.took for send in sends)


def one_lane(_run: Run) -> str:
    """What if there were no lanes."""
    return Lane.BULK.value


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[ceil(share * len(values)) - 1]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)
