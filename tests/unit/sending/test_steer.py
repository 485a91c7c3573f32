"""Pause, resume and cancel, each of a campaign and its run at once; and an operator's stop."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from chalicelib.channels.outcome import ACCEPTED
from chalicelib.core.errors import Stale
from chalicelib.features.campaigns.model import NotUnderWay, Status, WrongState
from chalicelib.features.sending.model.run import State
from chalicelib.features.sending.service.steer import cancel, pause, resume
from chalicelib.features.sending.service.sweep import look
from tests.unit.campaigns.memory import a_campaign
from tests.unit.sending.scene import RUN, Scene, Turn


@pytest.fixture
def scene() -> Scene:
    return Scene()


def _both(scene: Scene) -> tuple[Status, State]:
    assert scene.owners.campaign is not None
    return scene.owners.campaign.status, scene.run.state


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
    run = scene.launch(look_at=scene.now + timedelta(minutes=1))
    assert scene.turn(pause) == scene.owners.campaign
    assert _both(scene) == (Status.PAUSED, State.PAUSED)
    assert scene.looks == scene.wakes.looks == [scene.run.look_at] == [scene.now]
    scene.do(look(scene.ports, scene.run))
    assert scene.run.look_at == run.expires_at
    assert scene.wakes.sent == []


def test_a_resumed_run_goes_on_at_once(scene: Scene) -> None:
    scene.launch(batches=2)
    scene.turn(pause)
    scene.pass_time(minutes=5)
    assert scene.turn(resume).updated_at == scene.now
    assert _both(scene) == (Status.SENDING, State.SENDING)
    assert (scene.run.state, scene.run.paused_seconds) == (State.SENDING, 300)
    scene.do(look(scene.ports, scene.run))
    assert [numbers for _, numbers, _ in scene.wakes.sent] == [[0, 1]]


def test_to_pause_or_resume_twice_is_to_do_it_once(scene: Scene) -> None:
    scene.launch()
    scene.turn(resume)
    assert scene.wakes.looks == []
    scene.turn(pause)
    scene.turn(pause)
    assert len(scene.wakes.looks) == 1


@pytest.mark.parametrize("turn", [pause, resume], ids=["pause", "resume"])
@pytest.mark.parametrize("status", [Status.DRAFT, Status.SCHEDULED, Status.CANCELLED, Status.SENT])
def test_what_is_not_being_sent_can_be_neither_held_nor_let_go(scene: Scene, status: Status, turn: Turn) -> None:
    before = scene.launch(state=State.CANCELLED)
    scene.owners.campaign = a_campaign(status=status, run_id=RUN)
    with pytest.raises(WrongState):
        scene.turn(turn)
    assert scene.run == before


def test_a_run_that_is_not_there_yet_cannot_be_held(scene: Scene) -> None:
    with pytest.raises(NotUnderWay):
        scene.turn(pause)


def test_a_run_that_moves_meanwhile_is_held_all_the_same(scene: Scene) -> None:
    scene.launch()
    scene.runs.rivals = [lambda: scene.change(waves=scene.run.waves + 1)] * 4
    scene.turn(pause)
    assert _both(scene) == (Status.PAUSED, State.PAUSED)
    assert scene.run.waves == 4


def test_whoever_is_always_slower_gives_up_in_the_end_and_has_changed_nothing(scene: Scene) -> None:
    scene.launch()
    scene.runs.rivals = [scene.change] * 5
    with pytest.raises(Stale):
        scene.turn(pause)
    assert _both(scene) == (Status.SENDING, State.SENDING)


@pytest.mark.parametrize("turn", [pause, cancel], ids=["pause", "cancel"])
def test_whoever_comes_too_late_hears_of_the_end(scene: Scene, turn: Turn) -> None:
    """The campaign ends a moment before its run."""
    scene.launch()
    scene.runs.rivals = [partial(_end, scene)]
    with pytest.raises(WrongState, match="sent"):
        scene.turn(turn)
    assert _both(scene) == (Status.SENT, State.SENDING)


def test_a_run_that_is_over_is_not_turned(scene: Scene) -> None:
    """Whoever asks has read the campaign before its end."""
    over, asked = scene.launch(finished_at=scene.now), a_campaign(status=Status.SENDING, run_id=RUN)
    scene.owners.campaign = replace(asked, status=Status.SENT, rev=2)
    with pytest.raises(WrongState):
        scene.do(pause(scene.ports, asked))
    assert scene.run == over


def test_a_campaign_that_is_gone_is_no_longer_there_to_be_held(scene: Scene) -> None:
    scene.launch()
    scene.runs.rivals = [lambda: setattr(scene.owners, "campaign", None)]
    with pytest.raises(Stale):
        scene.turn(pause)


@pytest.mark.parametrize("fault", ["campaign", "run"])
def test_what_an_older_version_has_left_half_turned_is_turned(scene: Scene, fault: str) -> None:
    status, state = (Status.SENDING, State.PAUSED) if fault == "campaign" else (Status.PAUSED, State.SENDING)
    scene.launch(state=state, paused_at=scene.now)
    scene.owners.campaign = a_campaign(status=status, run_id=RUN)
    scene.turn(pause)
    assert _both(scene) == (Status.PAUSED, State.PAUSED)


def test_a_call_that_is_lost_is_left_to_the_calendar(scene: Scene) -> None:
    scene.launch()
    scene.wakes.down = 5
    scene.turn(pause)
    assert (_both(scene), scene.looks) == ((Status.PAUSED, State.PAUSED), [scene.now])


# --- cancel ---


def test_a_cancel_is_one_step_for_campaign_run_and_calendar(scene: Scene) -> None:
    scene.launch(waves=3, look_at=scene.now + timedelta(hours=1))
    assert scene.turn(cancel) == scene.owners.campaign
    assert _both(scene) == (Status.CANCELLED, State.CANCELLED)
    assert (scene.run.reissued_at, scene.run.waves) == (None, 0)
    assert scene.looks == scene.wakes.looks == [scene.run.look_at] == [scene.now]
    assert scene.owners.times == []  # nobody had to be told by the calendar


@pytest.mark.parametrize("trouble", ["no run", "rivals", "store"])
def test_a_cancel_that_cannot_have_its_run_does_without(scene: Scene, trouble: str) -> None:
    if trouble != "no run":
        scene.launch()
    if trouble == "rivals":
        scene.runs.rivals = [scene.change] * 5
    if trouble == "store":
        scene.runs.down = 5
    cancelled = scene.turn(cancel)
    assert (cancelled.status, cancelled.look_at) == (Status.CANCELLED, scene.now)
    assert trouble == "no run" or scene.run.state is State.SENDING


def test_a_cancel_whose_answers_were_lost_is_done(scene: Scene) -> None:
    scene.launch()
    scene.runs.rivals = [partial(_lose, scene)]
    assert scene.turn(cancel).status is Status.CANCELLED
    assert _both(scene) == (Status.CANCELLED, State.CANCELLED)
    assert scene.owners.times == [scene.now]  # it asked for less, and heard that it had more


def test_a_campaign_that_will_not_stand_still_is_not_cancelled(scene: Scene) -> None:
    owners = scene.owners
    owners.campaign = a_campaign(status=Status.SENDING, run_id=RUN)
    read = owners.campaign
    owners.campaign = replace(owners.campaign, rev=2)
    owners.is_restless = True
    with pytest.raises(Stale):
        scene.do(cancel(scene.ports, read))


def _end(scene: Scene) -> None:
    assert scene.owners.campaign is not None
    scene.owners.campaign = replace(scene.owners.campaign, status=Status.SENT, rev=scene.owners.campaign.rev + 1)


def _lose(scene: Scene) -> None:
    """What is asked takes effect, and nothing is heard of it; nor of the same again."""
    scene.change(state=State.CANCELLED)
    assert scene.owners.campaign is not None
    scene.owners.campaign = replace(scene.owners.campaign, status=Status.CANCELLED, rev=scene.owners.campaign.rev + 1)
    scene.runs.down = 5


# --- an operator's stop ---


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
