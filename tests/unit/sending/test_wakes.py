"""The wake-ups of a run that has too many for one planner: how far they have come is on record, and another goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from chalicelib.core.errors import Stale, Unavailable
from chalicelib.features.sending.model import ring
from chalicelib.features.sending.model.run import Order, Run, State
from chalicelib.features.sending.service import pace
from chalicelib.features.sending.service.plan import plan
from chalicelib.features.sending.service.steer import cancel, pause, resume
from chalicelib.features.sending.service.sweep import sweep
from tests.unit.sending.scene import MESSAGE, Scene

BATCHES = 64
ALL = list(ring.spread(BATCHES))
MINUTE = timedelta(minutes=1)


@pytest.fixture
def scene() -> Scene:
    """A note after every ten."""
    scene = Scene(rows_per_batch=2)
    scene.ports = replace(scene.ports, tuning=replace(scene.ports.tuning, wakes_per_note=10))
    scene.subscribe(2 * BATCHES)
    return scene


def planned(scene: Scene, *, seconds: float | None = None, **changes: Any) -> Run:
    scene.launch(state=State.PLANNED, batches=None, estimate=None, reissued_at=None, **changes)
    deadline = None if seconds is None else scene.now + timedelta(seconds=seconds)
    return scene.do(plan(scene.ports, scene.run, deadline=deadline))


def woken(scene: Scene) -> list[int]:
    return [number for _, numbers, _ in scene.wakes.sent for number in numbers]


def look(scene: Scene, *, seconds: float = 60.0) -> None:
    """When its time has come, or at once if somebody calls for it."""
    assert scene.run.look_at is not None
    scene.pass_time(seconds=max(0.0, (scene.run.look_at - scene.now).total_seconds()))
    deadline = scene.now + timedelta(seconds=seconds)
    scene.do(sweep(scene.ports, scene.entry(scene.run.look_at), deadline=deadline))


def test_all_are_woken_in_the_order_of_the_spread_and_that_is_on_record(scene: Scene) -> None:
    run = planned(scene)
    assert woken(scene) == ALL
    assert run == scene.run
    assert (run.woken, pace.has_wakes_left(run)) == (BATCHES, False)


def test_notes_are_few_and_never_ahead(scene: Scene) -> None:
    notes: list[tuple[int, int]] = []
    scene.runs.on_save = lambda run: notes.append((run.woken or 0, len(woken(scene))))
    planned(scene)
    assert notes == [(sent, sent) for sent in (0, 10, 20, 30, 40, 50, 60, 64)]


def test_few_enough_for_one_go_are_not_counted(scene: Scene) -> None:
    scene.ports = replace(scene.ports, tuning=replace(scene.ports.tuning, wakes_per_note=BATCHES))
    saves: list[Run] = []
    scene.runs.on_save = saves.append
    run = planned(scene)
    assert (run.woken, len(saves), woken(scene)) == (None, 1, ALL)


def test_whoever_finds_it_after_a_death_goes_on_and_does_not_begin_again(scene: Scene) -> None:
    scene.wakes.dies_after = 3
    with pytest.raises(Unavailable):
        planned(scene)
    assert (woken(scene), scene.run.woken) == (ALL[:30], 30)
    scene.wakes.dies_after = None
    scene.wakes.sent.clear()
    look(scene)
    assert (woken(scene), scene.run.woken) == (ALL[30:], BATCHES)


def test_the_same_plan_again_goes_on_too(scene: Scene) -> None:
    planned(scene)
    scene.change(woken=40)
    scene.wakes.sent.clear()
    scene.do(plan(scene.ports, scene.run))
    assert woken(scene) == ALL[40:]


def test_a_planner_whose_time_is_up_calls_for_a_look_which_goes_on(scene: Scene) -> None:
    planned(scene, seconds=20.0)
    assert (woken(scene), scene.run.woken, scene.wakes.looks) == (ALL[:10], 10, [scene.now])
    for _ in range(5):
        look(scene, seconds=20.0)
    assert (woken(scene), scene.run.woken) == (ALL[:60], 60)
    look(scene, seconds=20.0)
    assert woken(scene) == ALL
    assert (scene.run.woken, scene.run.look_at) == (BATCHES, scene.now + MINUTE)
    assert scene.looks == [scene.run.look_at]


def test_a_call_that_is_lost_is_made_good_by_the_calendar(scene: Scene) -> None:
    scene.wakes.down = 5
    with pytest.raises(Unavailable):
        planned(scene, seconds=20.0)
    assert scene.looks == [scene.now]


def test_while_planned_wakes_go_out_nobody_is_a_suspect(scene: Scene) -> None:
    """And no record is read: there may be hundreds of thousands."""
    planned(scene, seconds=20.0)
    scene.pass_time(minutes=10)
    look(scene, seconds=20.0)
    assert (woken(scene), scene.run.waves) == (ALL[:20], 0)


def test_of_two_planners_the_later_lets_it_be(scene: Scene) -> None:
    scene.runs.rivals += [lambda: None, lambda: scene.change(woken=50)]
    with pytest.raises(Stale):
        planned(scene)
    assert (woken(scene), scene.run.woken) == (ALL[:10], 50)


def test_a_cancelled_run_is_woken_to_its_end_so_that_everyone_is_counted(scene: Scene) -> None:
    planned(scene, seconds=20.0)
    scene.turn(cancel)
    look(scene)
    assert woken(scene) == ALL


def test_while_it_is_held_nobody_is_woken_and_then_all_are(scene: Scene) -> None:
    """Those who were woken before may have come in vain."""
    planned(scene, seconds=20.0)
    scene.turn(pause)
    look(scene)
    assert (woken(scene), scene.run.look_at) == (ALL[:10], scene.run.expires_at)
    assert scene.do(plan(scene.ports, scene.run)) == scene.run
    assert woken(scene) == ALL[:10]
    scene.turn(resume)
    scene.wakes.sent.clear()
    look(scene)
    assert woken(scene) == ALL


def test_while_an_operator_has_stopped_it_nobody_is_woken(scene: Scene) -> None:
    planned(scene, seconds=20.0)
    scene.switch.is_off = True
    look(scene)
    assert (woken(scene), scene.run.look_at) == (ALL[:10], scene.now + MINUTE)
    scene.switch.is_off = False
    look(scene)
    assert woken(scene) == ALL


# --- with a throttle ---

SLOWLY = Order(message=MESSAGE, cutoff=1, throttle_per_minute=8)  # four batches a minute: sixteen minutes


def _due_within(run: Run, until: datetime | None) -> list[int]:
    assert until is not None
    return [number for number in ALL if run.release_at(number) <= until]


def test_a_throttled_run_is_woken_as_far_as_its_horizon(scene: Scene) -> None:
    run = planned(scene, order=SLOWLY)
    assert woken(scene) == _due_within(run, run.woken_until) == ALL[:57]
    assert run.woken == 57
    delays = [delay for _, _, delay in scene.wakes.sent]
    assert all(0 <= one <= two < 900 for one, two in pairwise(delays))


def test_a_throttled_run_goes_on_within_its_horizon_and_then_beyond(scene: Scene) -> None:
    planned(scene, order=SLOWLY, seconds=20.0)
    assert 0 < (first := len(woken(scene))) < 57
    look(scene)
    assert woken(scene) == ALL[:57]
    assert scene.run.woken == 57 > first
    scene.pass_time(minutes=13)
    scene.wakes.sent.clear()
    look(scene)
    planned_wakes = [numbers for _, numbers, delay in scene.wakes.sent if delay]
    assert [number for numbers in planned_wakes for number in numbers] == ALL[57:]
    assert (scene.run.woken, pace.has_wakes_left(scene.run)) == (BATCHES, False)


def test_what_an_older_planner_has_not_counted_is_counted_from_its_horizon_on(scene: Scene) -> None:
    planned(scene, order=SLOWLY)
    scene.change(woken=None)
    assert not pace.has_wakes_left(scene.run)
    scene.pass_time(minutes=13)
    scene.wakes.sent.clear()
    look(scene)
    assert [number for _, numbers, delay in scene.wakes.sent if delay for number in numbers] == ALL[57:]


def test_a_throttled_run_that_was_held_is_woken_from_what_is_held_back_on(scene: Scene) -> None:
    planned(scene, order=SLOWLY)
    scene.pass_time(minutes=2)
    scene.turn(pause)
    scene.pass_time(minutes=30)
    scene.turn(resume)
    scene.wakes.sent.clear()
    look(scene)
    wave, *later = scene.wakes.sent
    assert wave[1] == ALL[:9]
    assert [number for _, numbers, _ in later for number in numbers] == _due_within(scene.run, scene.run.woken_until)[
        9:
    ]


def test_the_whole_order_is_the_throttles_own() -> None:
    """What makes one number enough to say how far the wakes have come."""
    scene = Scene()
    order = msgspec.structs.replace(SLOWLY, throttle_per_minute=3)
    run = scene.launch(order=order, batches=BATCHES, estimate=None, started_at=scene.now)
    instants = [run.release_at(number) for number in ALL]
    assert instants == sorted(instants)
