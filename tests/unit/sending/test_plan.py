"""The plan: how dense the ring is, how many batches, and a wake-up for each."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.errors import Stale
from chalicelib.features.sending.model.run import Estimate, Lane, Run, Source, State
from chalicelib.features.sending.service.plan import launch, plan
from tests.unit.sending.scene import Scene, chosen


def unplanned(scene: Scene, **changes: Any) -> Run:
    blank: dict[str, Any] = {"state": State.PLANNED, "batches": None, "estimate": None, "reissued_at": None}
    return replace(scene.launch(), **blank | changes)


def planned(scene: Scene, **changes: Any) -> Run:
    scene.put(unplanned(scene, **changes))
    return scene.do(plan(scene.ports, scene.run))


@pytest.mark.parametrize(("rows", "batches"), [(0, 1), (1, 1), (32, 1), (64, 2), (100, 4), (999, 32)])
def test_below_a_thousand_rows_all_are_counted(rows: int, batches: int) -> None:
    scene = Scene(rows_per_batch=32)
    scene.subscribe(rows)
    run = planned(scene)
    assert (run.batches, run.estimate) == (batches, Estimate(rows, exact=True))


def test_rows_decide_about_batches_and_the_active_about_the_audience() -> None:
    scene = Scene(rows_per_batch=32)
    keys = scene.subscribe(128)
    for key in keys[::4]:
        scene.audience.rows[key] = replace(scene.audience.rows[key], is_active=False)
    run = planned(scene)
    assert (run.batches, run.estimate) == (4, Estimate(96, exact=True))


@pytest.mark.parametrize("first", [0, 7, 200])
def test_beyond_a_thousand_the_density_of_a_sample_speaks_for_all(first: int) -> None:
    """From a random point on, and around the end of the ring if need be."""
    scene = Scene(rows_per_batch=32)
    scene.subscribe(8_000)
    scene.audience.PAGE = 400
    scene.chance.number = first * 2**8
    scene.audience.reads = 0
    run = planned(scene)
    assert run.batches == 256
    assert run.estimate is not None
    assert not run.estimate.exact
    assert run.estimate.audience == pytest.approx(8_000, rel=0.01)
    assert scene.audience.reads <= 4


@pytest.mark.parametrize("rows", [1_000, 1_001])
def test_a_full_sample_makes_it_an_estimate(rows: int) -> None:
    """Whether there are more could only be told by reading one more."""
    scene = Scene(rows_per_batch=32)
    scene.subscribe(rows)
    run = planned(scene)
    assert run.estimate is not None
    assert not run.estimate.exact
    assert run.estimate.audience == pytest.approx(rows, rel=0.01)


def test_a_sample_that_starts_at_the_very_first_key_reads_no_key_twice() -> None:
    scene = Scene()
    scene.subscribe(10)
    scene.chance.number = -1  # the next token is all zeroes
    assert planned(scene).estimate == Estimate(10, exact=True)


def test_a_run_of_chosen_browsers_needs_no_sample() -> None:
    scene = Scene()
    keys = scene.subscribe(5)
    run = planned(scene, order=chosen(*keys[:3]), source=Source.TEST)
    assert (run.batches, run.estimate, scene.audience.reads) == (1, Estimate(3, exact=True), 0)


@pytest.mark.parametrize(("rows", "lane"), [(100, Lane.SMALL), (300, Lane.BULK)])
def test_every_batch_is_woken_in_the_lane_of_the_run(rows: int, lane: Lane) -> None:
    scene = Scene(rows_per_batch=32)
    scene.subscribe(rows)
    run = planned(scene)
    ((used, numbers, delay),) = scene.wakes.sent
    assert (used, sorted(numbers), delay) == (lane, list(range(run.batches or 0)), 0)


def test_a_planned_run_is_sending_and_looked_at_a_minute_later() -> None:
    scene = Scene()
    run = planned(scene)
    assert (run.state, run.reissued_at) == (State.SENDING, scene.now)
    assert run.look_at == scene.now + timedelta(minutes=1)
    assert scene.looks == [run.look_at]


def test_a_cancel_that_came_first_stands() -> None:
    assert planned(Scene(), state=State.CANCELLED).state is State.CANCELLED


def test_a_launch_writes_the_run_and_its_entry_or_neither() -> None:
    scene = Scene()
    run = unplanned(scene)
    scene.runs.rows.clear()
    scene.runs.down = 5
    with pytest.raises(Exception, match="part of the service"):
        scene.do(launch(scene.ports, run))
    assert scene.looks == []
    scene.runs.down = 0
    launched = scene.do(launch(scene.ports, run))
    assert scene.looks == [launched.look_at] == [scene.now + timedelta(minutes=1)]


def test_a_launch_for_chosen_browsers_stands_planned_in_one_write() -> None:
    scene = Scene()
    keys = scene.subscribe(3)
    run = unplanned(scene, order=chosen(*keys), source=Source.NOTIFICATION)
    scene.runs.rows.clear()
    scene.runs.rivals = [lambda: pytest.fail("it was saved once more")]
    launched = scene.do(launch(scene.ports, run))
    assert launched == scene.run
    assert (launched.rev, launched.state, launched.batches) == (run.rev, State.SENDING, 1)
    assert launched.estimate == Estimate(3, exact=True)
    assert scene.looks == [launched.look_at] == [scene.now + timedelta(minutes=1)]
    assert scene.wakes.sent == [(launched.lane, [0], 0)]


def test_the_same_launch_again_is_the_same_run_and_wakes_it_again() -> None:
    scene = Scene(rows_per_batch=32)
    scene.subscribe(64)
    run = unplanned(scene)
    scene.runs.rows.clear()
    first = scene.do(launch(scene.ports, run))
    scene.subscribe(1_000)
    again = scene.do(launch(scene.ports, replace(run, created_at=scene.pass_time(minutes=6))))
    assert again == first == scene.run
    assert scene.wakes.sent == [(Lane.SMALL, [0, 1], 0)] * 2


def test_two_planners_agree_because_the_second_finds_it_done() -> None:
    """R is written once: the one who comes late is told so, and the next look goes on from what stands."""
    scene = Scene(rows_per_batch=32)
    scene.subscribe(64)
    late = unplanned(scene)
    scene.put(late)
    first = scene.do(plan(scene.ports, late))
    scene.subscribe(2_000)
    with pytest.raises(Stale):
        scene.do(plan(scene.ports, late))
    assert scene.run == first
    assert len(scene.wakes.sent) == 1
