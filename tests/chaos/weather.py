"""The weather of one seed: which faults, how busy the services, what people do meanwhile. The shares are fixed, what
comes together is drawn; so every seed is another story, and the same again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import TypeVar

from chalicelib.features.sending.service.ports import Tuning
from tests.chaos.plot import Deed, Occasion, Order, Plot
from tests.chaos.queues import FUNCTION_SECONDS
from tests.chaos.service import Episode, Habits, Trouble
from tests.chaos.simulation import Faults

Shares = TypeVar("Shares", Faults, Habits)

HOSTS = ("fcm.example",) * 6 + ("mozilla.example",) * 2 + ("apple.example", "wns.example")
STORM = Faults(
    kill=0.10, throttle=0.05, lose_answer=0.05, freeze=0.002, stale_read=0.5, duplicate_wake=0.05, lose_wake=0.05
)
ROUGH = Habits(gone=0.04, refused=0.01, throttled=0.05, broken=0.03, unreached=0.01, unknown=0.005, hanging=0.001)
SKEW_SECONDS = 60.0
SHORT_OF_TIME = 20.3  # a planner keeps twenty in hand: this one hands over when it has hardly begun
_LONGEST_TROUBLES = timedelta(
    hours=10
)  # holds, six attempts and their pauses, waves, a host that is closed for longer each time
_GENTLE = 9
_AROUND_THE_RUN = 1.3  # people come and go a little longer than the run is likely to last


def weather(seed: int, subscribers: int) -> Plot:
    rng = Random(f"weather {seed}")
    tuning = rng.choice(
        [Tuning(64, 16, 4), Tuning(128, 64, 8), Tuning(512, 64, 25), Tuning(512, 256, 25), Tuning(4096, 64, 25)]
    )
    tuning = replace(tuning, wakes_per_note=rng.choice([1_000, 30, 7, 2]))
    workers = rng.choice([3, 10, 30, 1_000])
    habits = replace(ROUGH, latency=(0.010, rng.choice([0.12, 0.12, 0.6, 2.4])))
    order = _order(rng, subscribers)
    plot = Plot(
        subscribers=subscribers,
        order=order,
        tuning=tuning,
        workers=workers,
        hosts=HOSTS,
        page=rng.choice([23, 100, 512]),
        skew_seconds=rng.choice([0.0, 5.0, SKEW_SECONDS, SKEW_SECONDS]),
        planner_seconds=rng.choice([FUNCTION_SECONDS, FUNCTION_SECONDS, SHORT_OF_TIME]),
    )
    length = _length_seconds(plot, habits)
    faults, habits = _faults(rng), _habits(rng, habits)
    if is_gentle(seed):
        faults, habits = replace(faults, kill=0.0, freeze=0.0), replace(habits, unknown=0.0, hanging=0.0)
    return replace(
        plot,
        faults=faults,
        habits=habits,
        episodes=tuple(_episodes(rng, length)),
        occasions=tuple(_occasions(rng, length)),
        comings=rng.choice([0, subscribers // 100, subscribers // 25]),
        restless_seconds=_AROUND_THE_RUN * length,
        at_most=_LONGEST_TROUBLES + timedelta(seconds=3 * length),
    )


def is_gentle(seed: int) -> bool:
    """Nobody is killed or frozen and every push is answered, whatever else may happen: then nobody hears twice."""
    return seed % 10 == _GENTLE


def _order(rng: Random, subscribers: int) -> Order:
    if rng.random() < 0.06:
        return Order(chosen=rng.choice([1, 40, 1_000]))
    if rng.random() < 0.12:
        return Order(throttle_per_minute=max(1, subscribers // rng.choice([2, 8, 30])))
    if rng.random() < 0.06:
        return Order(expires_after=timedelta(seconds=rng.uniform(60.0, 600.0)))
    return Order(careful=rng.random() < 0.1)


def _length_seconds(plot: Plot, habits: Habits) -> float:
    """About how long it would take if nothing went wrong."""
    if plot.order.throttle_per_minute:
        return plot.subscribers / plot.order.throttle_per_minute * 60.0
    batches = max(1, plot.subscribers / plot.tuning.rows_per_batch)
    under_way = plot.window * min(plot.workers, batches)
    return 2.0 + plot.subscribers / under_way * sum(habits.latency) / 2


def _faults(rng: Random) -> Faults:
    """Mostly all of them; now and then one less, so that each stands alone somewhere; and sometimes none."""
    if rng.random() < 0.08:
        return Faults()
    return _without(STORM, rng, 0.12)


def _habits(rng: Random, habits: Habits) -> Habits:
    found = _without(habits, rng, 0.15)
    return replace(found, unknown=0.0, hanging=0.0) if rng.random() < 0.15 else found


def _without(thing: Shares, rng: Random, chance: float) -> Shares:
    left_out = {name: 0.0 for name, value in vars(thing).items() if isinstance(value, float) and rng.random() < chance}
    return type(thing)(**(vars(thing) | left_out))


def _episodes(rng: Random, length: float) -> Iterator[Episode]:
    host = rng.choice(HOSTS)
    if rng.random() < 0.2:
        begins = rng.uniform(0.0, length)
        yield Episode(host, Trouble.BUSY, begins, begins + rng.choice([5.0, 60.0, 600.0]))
    if rng.random() < 0.12:
        begins = rng.uniform(0.0, length)
        yield Episode(host, Trouble.REFUSED, begins, begins + rng.choice([5.0, 60.0, 600.0]))
    if rng.random() < 0.12:
        yield Episode(rng.choice(HOSTS), Trouble.MASS_GONE, share=rng.choice([0.6, 0.9, 1.0]))


def _occasions(rng: Random, length: float) -> Iterator[Occasion]:
    def at() -> float:
        return rng.uniform(0.0, 1.1 * length)

    if rng.random() < 0.3:
        yield Occasion(at(), Deed.PURGE)
    if rng.random() < 0.2:
        held = at()
        until = held + rng.choice([1.0, 60.0, 900.0])
        yield Occasion(held, Deed.PAUSE)
        yield Occasion(until, Deed.RESUME)
        yield Occasion(until + 600.0, Deed.RESUME)  # whoever sees it held still asks again
    if rng.random() < 0.1:
        yield Occasion(at(), Deed.CANCEL)
    if rng.random() < 0.15:
        stopped = at()
        yield Occasion(stopped, Deed.STOP)
        yield Occasion(stopped + rng.choice([1.0, 60.0, 900.0]), Deed.START)
