"""Pause, resume, and an operator's stop."""

from __future__ import annotations

import pytest

from chalicelib.channels.outcome import ACCEPTED
from chalicelib.core.errors import Stale
from chalicelib.features.sending.model.run import State
from chalicelib.features.sending.service.steer import pause, resume
from chalicelib.features.sending.service.sweep import look
from tests.unit.campaigns.memory import TENANT
from tests.unit.sending.scene import RUN, Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()


def _pause(scene: Scene) -> None:
    scene.do(pause(scene.ports, tenant_id=TENANT, run_id=RUN))


def _resume(scene: Scene) -> None:
    scene.do(resume(scene.ports, tenant_id=TENANT, run_id=RUN))


def test_a_worker_hears_of_a_pause_within_seconds_and_loses_nobody(scene: Scene) -> None:
    scene.subscribe(400)
    scene.launch()
    scene.services.usual = (ACCEPTED, 1.0)
    scene.in_seconds(3, lambda: scene.change(state=State.PAUSED, paused_at=scene.now))
    batch = scene.deliver()
    assert batch is not None
    assert not batch.is_final
    assert scene.simulation.seconds < 12
    reached = len(scene.services.started)
    scene.change(state=State.SENDING, paused_at=None)
    scene.deliver()
    assert reached < len(scene.services.started) == 400
    assert scene.counts == {"accepted": 400}


def test_a_paused_run_is_looked_at_when_it_expires(scene: Scene) -> None:
    run = scene.launch()
    _pause(scene)
    assert scene.run.state is State.PAUSED
    assert scene.wakes.looks == [scene.run.look_at]
    scene.do(look(scene.ports, scene.run))
    assert scene.run.look_at == run.expires_at
    assert scene.wakes.sent == []


def test_a_resumed_run_goes_on_at_once(scene: Scene) -> None:
    scene.launch(batches=2)
    _pause(scene)
    scene.pass_time(minutes=5)
    _resume(scene)
    assert (scene.run.state, scene.run.paused_seconds) == (State.SENDING, 300)
    scene.do(look(scene.ports, scene.run))
    assert [numbers for _, numbers, _ in scene.wakes.sent] == [[0, 1]]


def test_to_pause_or_resume_twice_is_to_do_it_once(scene: Scene) -> None:
    scene.launch()
    _resume(scene)
    assert scene.wakes.looks == []
    _pause(scene)
    _pause(scene)
    assert len(scene.wakes.looks) == 1


def test_a_cancelled_run_can_be_neither_held_nor_let_go(scene: Scene) -> None:
    scene.launch(state=State.CANCELLED)
    _pause(scene)
    _resume(scene)
    assert scene.run.state is State.CANCELLED


def test_a_run_that_is_not_there_yet_is_none(scene: Scene) -> None:
    assert scene.do(pause(scene.ports, tenant_id=TENANT, run_id="run_b")) is None


def test_whoever_is_always_slower_gives_up_in_the_end(scene: Scene) -> None:
    scene.launch()
    scene.runs.rivals = [scene.change] * 5
    with pytest.raises(Stale):
        _pause(scene)


def test_a_stopped_tenant_starts_nothing(scene: Scene) -> None:
    scene.subscribe(10)
    scene.launch()
    scene.switch.is_off = True
    assert scene.deliver() is None
    assert scene.services.started == []


def test_a_worker_hears_of_a_stop_within_seconds(scene: Scene) -> None:
    scene.subscribe(800)
    scene.launch()
    scene.services.usual = (ACCEPTED, 1.0)
    scene.in_seconds(3, lambda: setattr(scene.switch, "is_off", True))
    scene.deliver()
    assert scene.simulation.seconds < 12
    assert 0 < scene.counts["accepted"] < 800


def test_while_sending_is_stopped_runs_are_looked_at_but_nothing_is_woken(scene: Scene) -> None:
    scene.launch(batches=2)
    scene.switch.is_off = True
    scene.pass_time(minutes=9)
    scene.do(look(scene.ports, scene.run))
    assert scene.wakes.sent == []
    assert scene.run.look_at is not None
    scene.switch.is_off = False
    scene.pass_time(minutes=1)
    scene.do(look(scene.ports, scene.run))
    assert len(scene.wakes.sent) == 1
