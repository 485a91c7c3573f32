"""The parts of the simulated AWS, each where the answer can be worked out by hand."""

from __future__ import annotations

from math import isfinite

import pytest

from bench.simulation import limits
from bench.simulation.line import Account, LineAtWork, Start
from bench.simulation.lives import Kind, Life, Pool, live
from bench.simulation.planning import plan
from bench.simulation.queues import Fair, Message, Plain, Queue
from bench.simulation.settings import PLAN, Line, deployed
from bench.simulation.tables import Place, Table, Use
from chalicelib.features.sending.model.run import Lane
from infra.cost import assumptions as assumed
from infra.cost.latency import Mix
from infra.cost.machine import Machine

CORE = Machine(assumed.VCPU_MEGABYTES)
CALM = Mix(hang_share=0.0, gone_share=0.0)


def _line(*mappings: int, waiting: int = 0, room: int = 1_000, at_once: int = 1) -> LineAtWork:
    setting = Line("send", CORE, timeout_seconds=60, visibility_seconds=360, mappings=mappings, at_once=at_once)
    line = LineAtWork(setting, Plain(), Account(room))
    for number in range(waiting):
        line.put(Message("t", "run", number), 0.0)
    return line


def _live(*, rows: int, mix: Mix) -> Life:
    (alone,) = live(_kind(rows=rows, mix=mix), seeds=["alone"])
    return alone


def _kind(*, rows: int, mix: Mix, side_by_side: int = 1) -> Kind:
    return Kind(rows, CORE, window=256, timeout_seconds=60.0, mix=mix, side_by_side=side_by_side)


def _messages(queue: Queue, tenant: str, count: int) -> None:
    for number in range(count):
        queue.put(Message(tenant, f"run_{tenant}", number))


def test_five_are_read_at_once_and_three_hundred_more_a_minute() -> None:
    line = _line(1_250, waiting=2_000)
    assert len(line.starts(0.0)) == 5
    assert len(line.starts(60.0)) == 300
    assert line.in_flight == 305


def test_no_more_than_the_mapping_allows_and_each_mapping_by_itself() -> None:
    line = _line(100, 20, waiting=2_000)
    assert len(line.starts(0.0)) == 10
    line.starts(600.0)
    assert line.in_flight == 120


def test_pollers_grow_only_while_something_waits() -> None:
    line = _line(1_250, waiting=5)
    assert len(line.starts(0.0)) == 5
    for number in range(100):
        line.put(Message("t", "run", number), 60.0)
    assert line.starts(60.0) == []


def test_who_idles_begins_with_five_again() -> None:
    line = _line(1_250, waiting=1_000)
    begun: list[Start] = [*line.starts(0.0), *line.starts(60.0), *line.starts(600.0)]
    for start in begun:
        line.end(start, 700.0)
    for number in range(100):
        line.put(Message("t", "run", number), 800.0)
    assert len(line.starts(800.0)) == 5


def test_the_account_ends_where_its_room_does() -> None:
    line = _line(1_250, waiting=2_000, room=50)
    line.starts(0.0)
    line.starts(120.0)
    assert line.in_flight == 50
    assert line.refused


def test_only_who_finds_no_idle_environment_starts_cold() -> None:
    line = _line(2, waiting=3)
    first, second = line.starts(0.0)
    assert (first.is_cold, second.is_cold) == (True, True)
    assert first.at == pytest.approx(limits.RECEIVE_SECONDS + limits.CREATE_SECONDS + assumed.START_CPU_SECONDS)
    line.end(first, 5.0)
    (third,) = line.starts(5.0)
    assert (third.is_cold, third.at) == (False, 5.0 + limits.RECEIVE_SECONDS)


def test_an_invocation_is_handed_what_there_is_up_to_what_it_takes_at_once() -> None:
    line = _line(2, waiting=6, at_once=4)
    first, second = line.starts(0.0)
    assert [len(start.messages) for start in (first, second)] == [4, 2]
    assert (line.in_flight, line.invocations, line.received) == (2, 2, 6)


def test_a_plain_queue_has_whoever_comes_later_wait() -> None:
    queue = Plain()
    _messages(queue, "noisy", 100)
    _messages(queue, "quiet", 1)
    assert [queue.take().tenant for _ in range(101)].index("quiet") == 100


def test_a_fair_queue_lets_a_quiet_tenant_pass_a_noisy_one() -> None:
    queue = Fair()
    _messages(queue, "noisy", 100)
    for _ in range(40):
        queue.take()
    _messages(queue, "quiet", 1)
    assert queue.take().tenant == "quiet"


def test_a_fair_queue_knows_nobody_noisy_below_thirty_in_flight() -> None:
    queue = Fair()
    _messages(queue, "early", 40)
    for _ in range(29):
        queue.take()
    _messages(queue, "late", 1)
    assert queue.take().tenant == "early"


def test_of_noisy_tenants_the_one_with_the_fewest_in_flight_is_next() -> None:
    queue = Fair()
    taken = []
    for tenant, count in (("a", 100), ("b", 60)):
        _messages(queue, tenant, 200)
        taken += [queue.take() for _ in range(count)]
    in_flight = [sum(message.tenant == tenant for message in taken) for tenant in "ab"]
    assert queue.take().tenant == "ab"[in_flight.index(min(in_flight))]


def test_a_partition_that_is_spent_has_the_rest_wait_for_the_next_second() -> None:
    table = Table("subs")
    all_of_it = Use(0, Place.SUBS, limits.PARTITION_READS.value, 0.0)
    assert [table.serve(all_of_it, "S#1", 7.2) for _ in range(3)] == [0, 1, 2]
    assert table.throttled == 2


def test_it_does_not_matter_in_which_order_seconds_are_asked_for() -> None:
    table = Table("subs")
    all_of_it = Use(0, Place.SUBS, 0.0, limits.PARTITION_WRITES.value)
    assert table.serve(all_of_it, "S#1", 9.0) == 0
    assert table.serve(all_of_it, "S#1", 7.0) == 0


def test_a_table_has_as_many_partitions_as_its_peak_or_its_size_asks_for() -> None:
    assert Table("new").partitions == 4
    assert Table("busy", peak_reads=12_000).partitions == 8
    assert Table("most", peak_reads=1e9).partitions == 14  # the quota of a table
    assert Table("large", stored_bytes=95e9).partitions == 10


def test_the_hottest_key_is_told_with_its_busiest_second() -> None:
    table = Table("subs")
    for at in (1.0, 1.5, 2.0):
        table.serve(Use(0, Place.SUBS, 10.0, 0.0), "S#1", at)
    read, write = table.hottest()
    assert (read.key, read.units_a_second, write.units_a_second) == ("S#1", 20.0, 0.0)


def test_the_planner_wakes_a_million_in_205_calls() -> None:
    found = plan(subscribers=1_000_000, line=deployed().lines[PLAN], rows_per_batch=512)
    (leg,) = found.legs
    assert (found.run.batches, len(leg.wakes)) == (2_048, 205)
    assert sorted(number for wake in leg.wakes for number in wake.numbers) == list(range(2_048))
    assert found.rows_read <= 1_001


def test_a_planner_hands_itself_over_before_lambda_ends_it_and_nobody_is_woken_twice_or_never() -> None:
    line = deployed().lines[PLAN]
    found = plan(subscribers=100_000_000, line=line, rows_per_batch=512)
    assert len(found.legs) > 5
    assert all(line.timeout_seconds / 2 < leg.seconds < line.timeout_seconds for leg in found.legs[:-1])
    assert all(0 < wake.at <= leg.seconds for leg in found.legs for wake in leg.wakes)
    woken = sorted(number for leg in found.legs for wake in leg.wakes for number in wake.numbers)
    assert woken == list(range(262_144))


def test_a_life_tells_when_its_first_push_left_and_when_its_last_was_answered() -> None:
    (shift,) = _live(rows=100, mix=CALM).shifts
    assert 0 < shift.first_push < shift.last_answer <= shift.seconds
    assert shift.pushes == 100


def test_the_units_of_a_life_are_those_of_its_pages_and_records() -> None:
    (shift,) = _live(rows=1_000, mix=CALM).shifts
    read = sum(use.reads for use in shift.uses if use.place is Place.SUBS)
    assert read == pytest.approx(1_000 * limits.SUBSCRIPTION_BYTES / 4_096, abs=shift.asked["read"])
    assert sum(use.writes for use in shift.uses if use.place is Place.RECORD) == shift.asked["save"]


def test_who_hangs_at_every_try_is_tried_again_in_a_later_shift() -> None:
    always = Mix(hang_share=1.0, gone_share=0.0)
    first, second, *_ = _live(rows=1, mix=always).shifts
    assert isfinite(first.rests)
    assert first.rests > 0
    assert second.pushes == 2


def test_lives_side_by_side_are_longer_than_alone() -> None:
    mix = Mix(quantiles=((0.0, 0.05), (1.0, 0.05)), hang_share=0.0, gone_share=0.0)
    alone, beside = (
        live(_kind(rows=488, mix=mix, side_by_side=len(seeds)), seeds=seeds) for seeds in (["a"], ["a", "b", "c", "d"])
    )
    assert min(life.shifts[0].seconds for life in beside) > alone[0].shifts[0].seconds


def test_a_pool_has_so_many_lives_and_the_same_ones_for_the_same_chance() -> None:
    kind = _kind(rows=20, mix=Mix(hang_share=0.0), side_by_side=4)
    one, other = Pool(kind, 10), Pool(kind, 10)
    lots = [number / 50 for number in range(50)]
    assert [one.draw(lot) for lot in lots] == [other.draw(lot) for lot in reversed(lots)][::-1]
    assert len({id(one.draw(lot)) for lot in lots}) == 10


def test_the_lines_are_those_that_would_be_deployed() -> None:
    lines = deployed().lines
    assert set(lines) == {PLAN, *(lane.value for lane in Lane)}
    assert lines[Lane.TRANSACTIONAL.value].reserved == lines[Lane.TRANSACTIONAL.value].most == 50
    assert {name: line.at_once for name, line in lines.items() if line.at_once > 1} == {Lane.BULK.value: 4}
    assert lines[Lane.BULK.value].most < limits.ACCOUNT_CONCURRENCY.value - 50
    assert all(line.visibility_seconds >= 6 * line.timeout_seconds for line in lines.values())
