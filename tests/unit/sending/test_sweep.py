"""The look at a run: what has been lost is sent again in waves, what is done is closed, and when to look next."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from chalicelib.channels.outcome import Outcome, Verdict
from chalicelib.features.sending.model import ring
from chalicelib.features.sending.model.run import Lane, State
from chalicelib.features.sending.service.claim import claim
from chalicelib.features.sending.service.look import look_by
from chalicelib.features.sending.service.sweep import sweep
from tests.unit.campaigns.memory import TENANT
from tests.unit.sending.scene import RUN, Scene

MINUTE = timedelta(minutes=1)
BUSY = Outcome(Verdict.LATER, "throttled", 1_800.0)


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.subscribe(64)
    scene.launch(batches=4, look_at=scene.now)
    return scene


def look(scene: Scene, at: datetime | None = None) -> None:
    """As the calendar asks for it, when its time has come."""
    entry = scene.entry(at or scene.run.look_at or scene.now)
    scene.simulation.seconds = max(
        scene.simulation.seconds, (entry.at - scene.now).total_seconds() + scene.simulation.seconds
    )
    scene.do(sweep(scene.ports, entry, deadline=scene.now + MINUTE))


def next_look(scene: Scene) -> timedelta:
    assert scene.run.look_at is not None
    assert scene.looks == [scene.run.look_at]
    return scene.run.look_at - scene.now


def test_while_batches_are_unstarted_it_looks_every_minute(scene: Scene) -> None:
    look(scene)
    assert (next_look(scene), scene.wakes.sent) == (MINUTE, [])


def test_what_was_lost_is_woken_again_after_two_minutes(scene: Scene) -> None:
    scene.deliver(1)
    scene.pass_time(minutes=2)
    look(scene)
    assert scene.wakes.sent == [(Lane.SMALL, [0, 2, 3], 0)]
    assert (scene.run.waves, scene.run.reissued_at, next_look(scene)) == (1, scene.now, MINUTE)


def test_each_wave_waits_longer_for_the_queue_may_be_full_of_the_last(scene: Scene) -> None:
    waves = []
    for _ in range(60):
        before = len(scene.wakes.sent)
        look(scene)
        if len(scene.wakes.sent) > before:
            waves.append(scene.now)
    assert [(two - one) // MINUTE for one, two in pairwise(waves)] == [4, 8, 16, 16]


def test_a_wave_is_no_larger_than_a_thousand_and_spread_over_the_ring() -> None:
    scene = Scene()
    scene.launch(batches=2_048, look_at=scene.now)
    scene.pass_time(minutes=2)
    look(scene)
    ((lane, numbers, _),) = scene.wakes.sent
    assert (lane, numbers) == (Lane.BULK, list(ring.spread(2_048))[:1_000])


def test_a_live_worker_is_no_suspect_and_a_dead_one_is(scene: Scene) -> None:
    for number in (1, 2, 3):
        scene.deliver(number)
    scene.pass_time(seconds=60)
    assert scene.do(claim(scene.ports, scene.run, 0)) is not None
    scene.pass_time(seconds=60)
    look(scene)
    assert (next_look(scene), scene.wakes.sent) == (MINUTE, [])
    look(scene)
    assert scene.wakes.sent == [(Lane.SMALL, [0], 0)]


def test_a_planned_wait_is_not_held_back_nor_woken(scene: Scene) -> None:
    scene.services.usual = (BUSY, 0.05)
    for number in range(4):
        scene.deliver(number)
    scene.pass_time(minutes=5)
    look(scene)
    assert scene.wakes.sent == []
    assert scene.run.look_at == min(batch.next_at for batch in scene.batches.rows.values() if batch.next_at)


def test_a_wait_that_nobody_woke_from_is_a_suspect(scene: Scene) -> None:
    scene.services.usual = (BUSY, 0.05)
    for number in range(4):
        scene.deliver(number)
    scene.pass_time(minutes=40)
    look(scene)
    assert scene.wakes.sent == [(Lane.SMALL, [0, 2, 1, 3], 0)]


def test_after_a_cancel_even_those_who_wait_are_woken(scene: Scene) -> None:
    scene.services.usual = (BUSY, 0.05)
    for number in range(4):
        scene.deliver(number)
    scene.change(state=State.CANCELLED, reissued_at=None)
    look(scene)
    assert scene.wakes.sent == [(Lane.SMALL, [0, 2, 1, 3], 0)]
    for number in range(4):
        scene.deliver(number)
    look(scene)
    assert (scene.run.state, scene.run.totals) == (State.CANCELLED, {"skipped:cancelled": 64})


def test_a_paused_run_is_looked_at_when_it_expires(scene: Scene) -> None:
    scene.change(state=State.PAUSED)
    look(scene)
    assert scene.run.look_at == scene.run.expires_at
    assert scene.wakes.sent == []
    look(scene)
    assert scene.wakes.sent == [(Lane.SMALL, [0, 2, 1, 3], 0)]


def test_a_run_that_was_never_planned_is_planned_now() -> None:
    scene = Scene(rows_per_batch=32)
    scene.subscribe(64)
    scene.launch(state=State.PLANNED, batches=None, estimate=None, look_at=scene.now)
    look(scene)
    assert (scene.run.batches, scene.run.state) == (2, State.SENDING)
    assert scene.wakes.sent == [(Lane.SMALL, [0, 1], 0)]


def test_when_all_is_final_the_run_is_closed_and_forgotten_by_the_calendar(scene: Scene) -> None:
    for number in range(4):
        scene.deliver(number)
    look(scene)
    run = scene.run
    assert (run.state, run.totals, run.finished_at, run.look_at) == (State.SENT, {"accepted": 64}, scene.now, None)
    assert scene.looks == []
    assert [ended.id for ended in scene.owners.finished] == [RUN]


# --- entries that do not speak for the run ---


def test_an_entry_that_its_run_does_not_know_is_dropped_unacted(scene: Scene) -> None:
    stray = scene.entry(scene.now - 3 * MINUTE)
    scene.entries.put(stray)
    scene.do(sweep(scene.ports, stray, deadline=scene.now + MINUTE))
    assert scene.looks == [scene.run.look_at]
    assert scene.wakes.sent == []


def test_an_entry_that_comes_early_waits_for_its_time(scene: Scene) -> None:
    at = scene.now + MINUTE
    scene.change(look_at=at)
    scene.do(sweep(scene.ports, scene.entry(at), deadline=scene.now + MINUTE))
    assert (scene.run.look_at, scene.run.rev) == (at, 2)


def test_the_entry_of_a_run_that_is_no_more_goes(scene: Scene) -> None:
    del scene.runs.rows[f"{TENANT}/{RUN}"]
    entry = scene.entry(scene.now)
    scene.do(sweep(scene.ports, entry, deadline=scene.now + MINUTE))
    assert entry in scene.entries.rows  # its run may be about to be written
    scene.pass_time(minutes=3)
    scene.do(sweep(scene.ports, entry, deadline=scene.now + MINUTE))
    assert entry not in scene.entries.rows


def test_the_entry_of_a_run_that_is_over_goes(scene: Scene) -> None:
    entry = scene.entry(scene.now)
    scene.change(finished_at=scene.now)
    scene.do(sweep(scene.ports, entry, deadline=scene.now + MINUTE))
    assert scene.looks == []


def test_of_two_looks_at_once_the_later_lets_it_be(scene: Scene) -> None:
    scene.runs.rivals.append(lambda: scene.change(waves=7))
    look(scene)
    assert (scene.run.waves, scene.run.look_at, scene.wakes.sent) == (7, scene.now, [])


# --- earlier, if need be ---


@pytest.mark.parametrize(("planned", "asked", "moves"), [(10, 5, True), (5, 10, False), (None, 5, True)])
def test_a_look_is_only_ever_moved_forward(scene: Scene, planned: int | None, asked: int, *, moves: bool) -> None:
    scene.entries.rows.clear()
    look_at = None if planned is None else scene.now + planned * MINUTE
    scene.change(look_at=look_at)
    at = scene.now + asked * MINUTE
    scene.do(look_by(scene.ports, TENANT, RUN, at))
    assert scene.run.look_at == (at if moves else look_at)
    assert scene.looks == [scene.run.look_at]


def test_nothing_is_looked_at_that_is_over_or_not_there(scene: Scene) -> None:
    scene.change(finished_at=scene.now)
    before = scene.run
    scene.do(look_by(scene.ports, TENANT, RUN, scene.now))
    scene.do(look_by(scene.ports, TENANT, "run_b", scene.now))
    assert scene.run == before


def test_a_clock_behind_the_planners_still_sees_what_was_lost(scene: Scene) -> None:
    """Else it would find nothing to do before the run's expiry, and nobody would look for a day."""
    scene.change(started_at=scene.now + 2 * MINUTE, reissued_at=None)
    look(scene)
    assert (scene.wakes.sent, next_look(scene)) == ([(Lane.SMALL, [0, 2, 1, 3], 0)], MINUTE)
