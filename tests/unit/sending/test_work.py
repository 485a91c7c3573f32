"""A wake-up: what it leaves behind is closed, woken again, or put into the calendar."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.channels.outcome import ACCEPTED, Outcome, Verdict
from chalicelib.core.errors import Unavailable
from chalicelib.features.sending.model.run import Lane, State
from chalicelib.features.sending.service.work import work
from tests.unit.campaigns.memory import TENANT
from tests.unit.sending.scene import RUN, Scene


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.subscribe(8)
    scene.launch(look_at=scene.now + timedelta(minutes=1))
    return scene


def wake(scene: Scene, number: int = 0, *, tenant_id: str = TENANT, run_id: str = RUN) -> None:
    deadline = scene.now + timedelta(seconds=60)
    scene.do(work(scene.ports, tenant_id=tenant_id, run_id=run_id, number=number, deadline=deadline))


def busy(**wait: float) -> tuple[Outcome, float]:
    return Outcome(Verdict.LATER, "throttled", timedelta(**wait).total_seconds()), 0.05


def test_a_small_run_is_closed_by_whoever_stores_its_last_record(scene: Scene) -> None:
    wake(scene)
    assert (scene.run.state, scene.run.totals, scene.run.finished_at) == (State.SENT, {"accepted": 8}, scene.now)
    assert scene.looks == []
    assert [run.totals for run in scene.owners.finished] == [{"accepted": 8}]


def test_not_before_the_last(scene: Scene) -> None:
    scene.change(batches=4)
    for number in (3, 0, 2):
        wake(scene, number)
        assert not scene.run.is_over
    wake(scene, 1)
    assert scene.run.is_over


def test_a_large_run_is_closed_by_its_next_look(scene: Scene) -> None:
    scene.change(batches=8)
    for number in range(8):
        wake(scene, number)
    assert not scene.run.is_over


def test_a_wake_up_that_comes_twice_does_nothing_twice(scene: Scene) -> None:
    wake(scene)
    before = (scene.run, scene.record(), list(scene.services.started))
    wake(scene)
    assert (scene.run, scene.record(), scene.services.started) == before
    assert scene.wakes.sent == []


@pytest.mark.parametrize(("tenant_id", "run_id"), [(TENANT, "run_b"), ("ten_b", RUN)])
def test_a_run_that_is_not_there_is_nobodys_work(scene: Scene, tenant_id: str, run_id: str) -> None:
    wake(scene, tenant_id=tenant_id, run_id=run_id)
    assert scene.services.started == []


def test_unfinished_work_is_woken_again_at_once(scene: Scene) -> None:
    scene.services.usual = (ACCEPTED, 10.0**6)
    wake(scene)
    assert scene.wakes.sent == [(Lane.SMALL, [0], 0)]


@pytest.mark.parametrize("seconds", [1.0, 600.0, 600.3, 890.0])
def test_a_short_wait_is_a_delayed_wake_up_that_never_comes_early(scene: Scene, seconds: float) -> None:
    scene.services.usual = busy(seconds=seconds)
    wake(scene)
    ((lane, numbers, delay),) = scene.wakes.sent
    assert (lane, numbers) == (Lane.SMALL, [0])
    next_at = scene.record().next_at
    assert next_at is not None
    assert 1 <= delay - (next_at - scene.now).total_seconds() < 2


def test_a_long_wait_is_in_the_calendar(scene: Scene) -> None:
    scene.change(look_at=scene.run.expires_at)
    scene.services.usual = busy(hours=1)
    wake(scene)
    assert scene.wakes.sent == []
    assert scene.run.look_at == scene.record().next_at
    assert scene.run.look_at in scene.looks


def test_a_look_that_is_sooner_anyway_stays(scene: Scene) -> None:
    scene.services.usual = busy(hours=1)
    at = scene.run.look_at
    wake(scene)
    assert scene.run.look_at == at


def test_who_moved_the_run_meanwhile_sees_to_the_rest(scene: Scene) -> None:
    scene.change(look_at=scene.run.expires_at)
    scene.services.usual = busy(hours=1)
    scene.runs.rivals.append(lambda: scene.change(waves=3))
    wake(scene)
    assert scene.run.waves == 3


# --- the close ---


def test_a_campaign_that_moves_meanwhile_leaves_the_close_to_the_next_look(scene: Scene) -> None:
    scene.owners.is_stale = True
    wake(scene)
    assert (scene.run.is_over, scene.looks) == (False, [scene.run.look_at])


def test_a_run_that_moves_meanwhile_is_not_closed_over_it(scene: Scene) -> None:
    scene.runs.rivals.append(lambda: scene.change(state=State.CANCELLED))
    wake(scene)
    assert (scene.run.state, scene.run.is_over) == (State.CANCELLED, False)


def test_of_two_that_finish_at_once_one_closes(scene: Scene) -> None:
    scene.runs.rivals.append(lambda: scene.change(finished_at=scene.now, look_at=None))
    wake(scene)
    assert scene.run.is_over


@pytest.mark.parametrize("change", ["closed", "vanished"])
def test_a_run_that_someone_else_closed_is_left_as_it_is(scene: Scene, change: str) -> None:
    def meanwhile() -> None:
        if change == "closed":
            scene.change(finished_at=scene.now, totals={"accepted": 1})
        else:
            del scene.runs.rows[f"{TENANT}/{RUN}"]

    scene.services.watch = lambda: None if scene.services.started[1:] else meanwhile()
    wake(scene)
    assert scene.owners.finished == []


def test_a_run_without_a_look_closes_as_well(scene: Scene) -> None:
    scene.change(look_at=None)
    wake(scene)
    assert scene.run.is_over


def test_a_store_that_stays_down_fails_the_message(scene: Scene) -> None:
    scene.runs.down = 5
    with pytest.raises(Unavailable):
        wake(scene)
