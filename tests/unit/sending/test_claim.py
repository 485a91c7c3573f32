"""Who may hold a batch, and when there is nothing to hold."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.features.sending.model.batch import Batch, Wait
from chalicelib.features.sending.model.run import State
from chalicelib.features.sending.service.claim import LEASE, claim
from tests.unit.campaigns.memory import TENANT
from tests.unit.sending.scene import Scene

K1 = bytes([1]) * 16


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.launch(batches=4)
    return scene


def take(scene: Scene, number: int = 0) -> Batch | None:
    return scene.do(claim(scene.ports, scene.run, number))


def test_an_unstarted_batch_is_taken_with_a_lease(scene: Scene) -> None:
    batch = take(scene)
    assert batch is not None
    standing = scene.record()
    assert (standing.owner, standing.leased_until, standing.rev) == (batch.owner, scene.now + LEASE, 1)
    assert standing.owner


def test_a_held_batch_is_left_alone(scene: Scene) -> None:
    take(scene)
    before = scene.record()
    assert take(scene) is None
    assert scene.record() == before


def test_a_lease_that_has_run_out_passes_to_the_next(scene: Scene) -> None:
    first = take(scene)
    scene.pass_time(seconds=90)
    second = take(scene)
    assert first is not None
    assert second is not None
    assert first.owner != second.owner
    assert not scene.do(scene.batches.save(TENANT, first))


def test_only_one_of_two_that_read_the_same_gets_it(scene: Scene) -> None:
    one, two = Batch.unstarted(scene.run, 0), Batch.unstarted(scene.run, 0)
    one.owner, two.owner = "one", "two"
    assert scene.do(scene.batches.save(TENANT, one))
    assert not scene.do(scene.batches.save(TENANT, two))


@pytest.mark.parametrize("number", [-1, 4, 5, 10**9])
def test_a_number_beyond_the_plan_is_no_batch(scene: Scene, number: int) -> None:
    assert take(scene, number) is None
    assert not scene.batches.rows


@pytest.mark.parametrize(
    "changes",
    [{"batches": None}, {"state": State.PAUSED}, {"finished_at": Scene().now}],
    ids=["unplanned", "paused", "over"],
)
def test_there_is_nothing_to_do_for_a_run_that_is(scene: Scene, changes: dict[str, Any]) -> None:
    scene.change(**changes)
    assert take(scene) is None
    assert not scene.batches.rows


def test_a_final_batch_is_not_opened_again(scene: Scene) -> None:
    batch = take(scene)
    assert batch is not None
    batch.progress.is_read = True
    batch.release()
    scene.do(scene.batches.save(TENANT, batch))
    assert take(scene) is None


def test_a_waiting_batch_is_left_until_its_time_or_until_its_run_stops(scene: Scene) -> None:
    batch = take(scene)
    assert batch is not None
    batch.progress.is_read = True
    batch.progress.postpone(K1, Wait.until(scene.now + timedelta(minutes=5), attempt=1, reason="throttled"))
    batch.release()
    scene.do(scene.batches.save(TENANT, batch))
    assert take(scene) is None
    scene.change(state=State.CANCELLED)
    assert take(scene) is not None
    scene.pass_time(minutes=5)
    scene.change(state=State.SENDING)
    assert take(scene) is not None


def test_a_paused_run_that_has_expired_is_settled(scene: Scene) -> None:
    scene.change(state=State.PAUSED)
    scene.pass_time(days=1)
    assert take(scene) is not None


def test_a_store_that_stumbles_is_asked_again_but_not_for_ever(scene: Scene) -> None:
    scene.batches.down = 4
    assert take(scene) is not None
    scene.batches.down = 5
    with pytest.raises(Unavailable):
        take(scene, 1)
