"""The engine in virtual time, where the answer can be worked out by hand."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from infra.cost import assumptions as assumed
from infra.cost import side_by_side
from infra.cost.batch_simulation import Lived, average, live, simulate
from infra.cost.latency import Mix
from infra.cost.machine import Machine, Processor
from infra.cost.virtual_world import VirtualClock

VCPU = Machine(assumed.VCPU_MEGABYTES)
AT_ONCE = Mix(quantiles=((0.0, 0.05), (1.0, 0.05)), hang_share=0.0, gone_share=0.0)
_REQUEST = assumed.DYNAMODB_SECONDS + assumed.REQUEST_CPU_SECONDS


def _live(rows: int, mix: Mix, *, machine: Machine = VCPU, window: int = 256) -> Lived:
    (alone,) = live(rows=rows, machine=machine, mix=mix, window=window, seeds=["test"])
    return alone


def test_a_calm_batch_takes_its_requests_its_thinking_and_one_answer() -> None:
    lived = _live(10, AT_ONCE)
    claim, end = 5 * _REQUEST, _REQUEST  # run, switch, record, lease, gates; the last checkpoint
    page = assumed.PAGE_SECONDS + assumed.REQUEST_CPU_SECONDS
    pushing = assumed.CONNECT_SECONDS + 10 * assumed.PUSH_CPU_SECONDS + 0.05
    assert list(lived.seconds) == pytest.approx([claim + page + pushing + end], abs=1e-6)


def test_a_calm_batch_asks_for_its_run_record_and_rows_once_and_writes_claim_and_end() -> None:
    asked = _live(10, AT_ONCE).asked
    assert asked == {"get": 2, "switch": 1, "gates": 1, "save": 2, "read": 1, "push": 10}


def test_less_memory_thinks_more_slowly_and_waits_as_fast() -> None:
    quick, slow = _live(10, AT_ONCE), _live(10, AT_ONCE, machine=Machine(assumed.VCPU_MEGABYTES // 2))
    requests = quick.asked.total() - quick.asked["push"]
    thinking = 10 * assumed.PUSH_CPU_SECONDS + requests * assumed.REQUEST_CPU_SECONDS
    assert slow.seconds[0] - quick.seconds[0] == pytest.approx(thinking, rel=0.01)


def test_more_than_one_vcpu_gains_nothing_and_costs_more() -> None:
    assert Machine(10_240).seconds(1.0) == VCPU.seconds(1.0) == 1.0
    assert Machine(2_048).gb_seconds(3.0) == 6.0


def test_one_push_that_hangs_keeps_the_function_until_the_transport_gives_up() -> None:
    """And no longer: its second try is answered."""
    calm = _live(1, AT_ONCE)
    hanging = _live(1, Mix(quantiles=AT_ONCE.quantiles, hang_share=1.0, gone_share=0.0))
    assert calm.seconds[0] < 1.0
    assert hanging.seconds[0] > 2 * assumed.HANG_SECONDS  # every try hangs here: the first and the second
    once = _first_hangs()
    assert once.seconds[0] == pytest.approx(calm.seconds[0] + assumed.HANG_SECONDS, abs=0.3)
    assert once.asked["push"] == 2


def test_who_hangs_at_every_try_is_tried_in_six_invocations_and_then_given_up() -> None:
    lived = _live(1, Mix(quantiles=AT_ONCE.quantiles, hang_share=1.0, gone_share=0.0))
    assert len(lived.seconds) == 6
    assert lived.asked["push"] == 12
    assert all(seconds > 2 * assumed.HANG_SECONDS for seconds in lived.seconds)


def test_a_browser_that_is_gone_costs_one_more_write_and_its_batch_one_more_checkpoint() -> None:
    calm = _live(100, AT_ONCE).asked
    asked = _live(100, Mix(quantiles=AT_ONCE.quantiles, hang_share=0.0, gone_share=0.1)).asked
    assert 0 < asked["bury"] <= 20
    assert asked["save"] == calm["save"] + 1


def test_when_too_many_are_gone_nobody_is_buried() -> None:
    asked = _live(100, Mix(quantiles=AT_ONCE.quantiles, hang_share=0.0, gone_share=1.0)).asked
    assert (asked["bury"], asked["gate"]) == (0, 1)


def test_checkpoints_follow_the_window() -> None:
    """Half a window of new outcomes makes one, besides claim and end."""
    assert _live(200, AT_ONCE, window=256).asked["save"] < _live(200, AT_ONCE, window=32).asked["save"]


def test_the_same_seed_is_the_same_batch() -> None:
    mix = Mix()
    assert _live(100, mix) == _live(100, mix)


def test_batches_side_by_side_wait_together_and_think_by_turns() -> None:
    """All answers come in the same instant, so what is left between them is the others' thinking."""
    alone = _live(100, AT_ONCE).seconds[0]
    four = live(rows=100, machine=VCPU, mix=AT_ONCE, window=256, seeds=["a", "b", "c", "d"])
    thinking = 100 * assumed.PUSH_CPU_SECONDS
    slowest = max(batch.seconds[0] for batch in four)
    assert alone + 2 * thinking < slowest < alone + 4 * thinking
    assert all(batch.asked["push"] == 100 for batch in four)


def test_a_processor_is_asked_in_the_order_of_time_and_does_one_thing_after_the_other() -> None:
    processor = Processor(Machine(assumed.VCPU_MEGABYTES // 2))
    ends = [processor.think(1.0, at=at) for at in (0.0, 1.0, 7.0)]
    assert ends == pytest.approx([2.0, 4.0, 9.0], rel=1e-3)


def test_whoever_is_furthest_behind_goes_on() -> None:
    told: list[str] = []

    async def walk(name: str, clock: VirtualClock, pace: float) -> None:
        for _ in range(3):
            clock.seconds += pace
            await side_by_side.others_first()
            told.append(f"{name}{clock.seconds:g}")

    slow, quick = VirtualClock(), VirtualClock()
    side_by_side.run([(slow, walk("s", slow, 2.0)), (quick, walk("q", quick, 0.9))])
    assert told == ["q0.9", "q1.8", "s2", "q2.7", "s4", "s6"]


def test_an_invocation_is_as_long_as_its_slowest_batch_and_later_wake_ups_come_alone() -> None:
    crews = [
        [Lived((1.0,), _counted(save=2)), Lived((2.0, 3.0), _counted(save=4, wake=1))],
        [Lived((5.0,), _counted(save=2)), Lived((1.0,), _counted(save=2))],
    ]
    averages = average(crews)
    assert averages.messages == 5 / 4
    assert averages.invocations == 3 / 4
    assert averages.seconds == (2.0 + 3.0 + 5.0) / 4
    assert averages.asked == {"save": 2.5, "wake": 0.25}


def test_four_batches_at_once_are_paid_for_less_than_half_as_long() -> None:
    one, four = (simulate(Machine(512), Mix(), batches=40, at_once=at_once) for at_once in (1, 4))
    assert four.invocations < one.invocations / 3
    assert four.seconds < one.seconds / 2
    assert four.asked["push"] == pytest.approx(one.asked["push"], rel=0.01)


def test_about_as_many_batches_wait_for_a_hanging_push_as_chance_has_it() -> None:
    """Of batches of 488, 1 - 0.999^488 = 39 % have at least one; each is some ten seconds longer."""
    calm = simulate(VCPU, Mix(hang_share=0.0), batches=60)
    mixed = simulate(VCPU, Mix(), batches=60)
    waiting = (mixed.seconds - calm.seconds) / assumed.HANG_SECONDS
    assert 0.15 < waiting < 0.6


def test_latencies_are_straight_lines_between_the_quantiles() -> None:
    mix = Mix(quantiles=((0.0, 0.0), (0.5, 1.0), (1.0, 3.0)))
    assert [mix.seconds(lot) for lot in (0.0, 0.25, 0.5, 0.75)] == [0.0, 0.5, 1.0, 2.0]


def test_the_assumed_latencies_only_ever_rise() -> None:
    assert all(low <= high for low, high in pairwise(assumed.PUSH_SECONDS))
    assert (assumed.PUSH_SECONDS[0][0], assumed.PUSH_SECONDS[-1][0]) == (0.0, 1.0)


def _first_hangs() -> Lived:
    """A seed under which the one push hangs at first and is answered then."""
    mix = Mix(quantiles=AT_ONCE.quantiles, hang_share=0.5, gone_share=0.0)
    each_alone = (live(rows=1, machine=VCPU, mix=mix, window=256, seeds=[str(seed)]) for seed in range(100))
    return next(lived for (lived,) in each_alone if lived.asked["push"] == 2 and len(lived.seconds) == 1)


def _counted(**asked: int) -> Counter[str]:
    return Counter(asked)
