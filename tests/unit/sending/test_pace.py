"""A throttled run releases its batches one by one."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from chalicelib.features.sending.model.run import Estimate, Order, Run, State
from chalicelib.features.sending.service import pace
from chalicelib.features.sending.service.plan import launch
from chalicelib.features.sending.service.steer import pause, resume
from chalicelib.features.sending.service.sweep import look
from tests.unit.sending.scene import MESSAGE, Scene

SLOWLY = Order(message=MESSAGE, cutoff=1, throttle_per_minute=10)


def _planned(scene: Scene, *, subscribers: int = 80, rate: int = 10) -> Run:
    scene.subscribe(subscribers)
    order = msgspec.structs.replace(SLOWLY, throttle_per_minute=rate)
    run = scene.launch(order=order, batches=None, estimate=None, reissued_at=None)
    scene.runs.rows.clear()
    return scene.do(launch(scene.ports, run))


def test_no_batch_holds_more_than_a_minute_of_the_rate() -> None:
    run = _planned(Scene(rows_per_batch=512))
    assert run.batches == 8


def test_batches_are_released_evenly_in_the_order_of_the_spread() -> None:
    run = _planned(Scene())
    begin = run.started_at
    assert begin is not None
    minutes = {number: (run.release_at(number) - begin) / timedelta(minutes=1) for number in range(8)}
    assert [number for number, _ in sorted(minutes.items(), key=lambda one: one[1])] == [0, 4, 2, 6, 1, 5, 3, 7]
    assert sorted(minutes.values()) == pytest.approx([0, 1, 2, 3, 4, 5, 6, 7])


def test_each_wake_up_has_its_delay() -> None:
    scene = Scene()
    _planned(scene)
    assert sorted(delay for _, _, delay in scene.wakes.sent) == [0, 60, 120, 180, 240, 300, 360, 420]


def test_what_lies_beyond_the_longest_delay_is_woken_by_a_later_look() -> None:
    scene = Scene()
    _planned(scene, subscribers=320)
    assert len(scene.wakes.sent) == 15
    assert scene.run.batches == 32
    for number in [number for _, numbers, _ in scene.wakes.sent for number in numbers]:
        scene.simulation.seconds = (scene.run.release_at(number) - scene.now).total_seconds() + scene.simulation.seconds
        scene.deliver(number)
    scene.wakes.sent.clear()
    scene.do(look(scene.ports, scene.run))
    assert len(scene.wakes.sent) >= 13
    assert all(0 < delay < 900 for _, _, delay in scene.wakes.sent)


def test_a_batch_whose_time_has_not_come_is_neither_started_nor_suspected() -> None:
    scene = Scene()
    _planned(scene)
    assert scene.deliver(7) is None
    scene.pass_time(minutes=3)
    scene.wakes.sent.clear()
    scene.do(look(scene.ports, scene.run))
    (wave,) = scene.wakes.sent
    assert wave[1] == [0, 4, 2, 6]


def test_while_batches_are_held_back_somebody_looks_after_each_release() -> None:
    scene = Scene()
    _planned(scene)
    scene.deliver(0)
    scene.do(look(scene.ports, scene.run))
    assert scene.run.look_at == scene.run.release_at(4) + timedelta(minutes=1)


def test_a_throttled_run_is_closed_soon_after_its_last_batch() -> None:
    """By its looks alone, each when the one before said."""
    scene = Scene()
    last = _planned(scene).release_at(7)
    while scene.run.look_at is not None:
        for number in range(8):
            scene.deliver(number)
        scene.pass_time(seconds=max(0.0, (scene.run.look_at - scene.now).total_seconds()))
        scene.do(look(scene.ports, scene.run))
    assert scene.run.is_over
    assert scene.now <= last + timedelta(minutes=2)


def test_a_pause_moves_all_that_is_still_held_back() -> None:
    scene = Scene()
    run = _planned(scene)
    before = run.release_at(7)
    scene.pass_time(minutes=2)
    scene.turn(pause)
    scene.pass_time(minutes=30)
    scene.turn(resume)
    assert scene.run.release_at(7) == before + timedelta(minutes=30)
    scene.wakes.sent.clear()
    scene.do(look(scene.ports, scene.run))
    woken = {number: delay for _, numbers, delay in scene.wakes.sent for number in numbers}
    assert woken == {0: 0, 2: 0, 4: 0, 6: 60, 1: 120, 5: 180, 3: 240, 7: 300}


def test_a_cancelled_run_waits_for_no_release() -> None:
    scene = Scene()
    _planned(scene)
    scene.change(state=State.CANCELLED)
    assert scene.deliver(7) is not None


def test_an_unthrottled_run_is_woken_at_once() -> None:
    scene = Scene()
    run = scene.launch(batches=4, estimate=Estimate(4, exact=True), started_at=scene.now)
    assert pace.first_step(run, pace.unwoken(run), now=scene.now, most=9) == pace.Step([0, 2, 1, 3], delay_seconds=0)
    assert pace.wakes_run_out_at(run) is None
