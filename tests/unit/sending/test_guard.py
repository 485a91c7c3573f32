from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.channels.outcome import ACCEPTED, Outcome, Verdict
from chalicelib.features.sending.model.gate import Gate
from chalicelib.features.sending.model.guard import believes
from chalicelib.features.sending.service.sweep import look
from chalicelib.features.sending.service.work import work
from tests.chaos.stores import HOST
from tests.unit.campaigns.memory import SITE, TENANT
from tests.unit.sending.scene import Scene

GONE = Outcome(Verdict.GONE, "ended")


@pytest.mark.parametrize(
    ("answers", "gone", "belief"), [(49, 49, None), (50, 10, True), (50, 11, False), (1_000, 200, True), (0, 0, None)]
)
def test_a_fifth_of_fifty_is_the_most_that_is_believed(answers: int, gone: int, belief: object) -> None:
    assert believes(answers, gone) is belief


def _all_gone_in_a_run_of(scene: Scene, subscribers: int, batches: int, **changes: object) -> None:
    scene.subscribe(subscribers)
    scene.launch(batches=batches, **changes)
    scene.services.usual = (GONE, 0.05)
    for number in range(batches):
        scene.deliver(number)


def _active(scene: Scene) -> int:
    return sum(row.is_active for row in scene.audience.rows.values())


def test_a_batch_in_which_nearly_all_are_gone_ends_nobody() -> None:
    scene = Scene()
    _all_gone_in_a_run_of(scene, 60, 1)
    assert _active(scene) == 60
    assert scene.record().is_final
    assert scene.counts == {"gone:ended": 60, "spared": 60}


def test_whoever_is_on_call_hears_of_it_once() -> None:
    scene = Scene()
    _all_gone_in_a_run_of(scene, 240, 4)
    assert [(gate.host, gate.is_suspected, gate.answers, gate.gone) for gate in scene.notices.told] == [
        (HOST, True, 60, 60)
    ]


def test_under_suspicion_even_an_ordinary_share_of_gone_ends_nobody() -> None:
    scene = Scene()
    _all_gone_in_a_run_of(scene, 60, 1)
    scene.batches.rows.clear()
    scene.services.usual = (ACCEPTED, 0.05)
    scene.services.says(next(iter(scene.audience.rows)), GONE)
    scene.deliver()
    assert _active(scene) == 60


def test_an_operator_who_has_looked_ends_them_after_all() -> None:
    scene = Scene()
    gates = scene.gates.rows.setdefault((scene.launch().tenant_id, scene.run.site_id), {})
    gates[HOST] = Gate(HOST, rev=1).trusted(until=scene.now + timedelta(days=1))
    _all_gone_in_a_run_of(scene, 60, 1)
    assert _active(scene) == 0


def test_too_few_answers_wait_for_the_sum_of_the_run() -> None:
    scene = Scene()
    _all_gone_in_a_run_of(scene, 80, 2)
    assert _active(scene) == 80
    assert scene.wakes.sent == []
    assert [batch.is_final for batch in scene.batches.rows.values()] == [False, False]
    assert scene.deliver(0) is None  # nothing to do before it is decided


def test_a_wake_up_does_not_wake_itself_while_it_waits_for_the_sum() -> None:
    scene = Scene()
    scene.subscribe(80)
    run = scene.launch(batches=8)
    scene.services.usual = (GONE, 0.05)
    deadline = scene.now + timedelta(seconds=60)
    scene.do(work(scene.ports, tenant_id=run.tenant_id, run_id=run.id, number=0, deadline=deadline))
    assert scene.wakes.sent == []


def _delivered_and_looked_at(scene: Scene, subscribers: int, batches: int, gone: int) -> None:
    keys = scene.subscribe(subscribers)
    scene.launch(batches=batches)
    for key in keys[:: subscribers // gone][:gone]:
        scene.services.says(key, GONE)
    for number in range(batches):
        scene.deliver(number)
    scene.do(look(scene.ports, scene.run))


def test_the_sum_of_a_run_decides_and_wakes_who_waited_for_it() -> None:
    scene = Scene()
    _delivered_and_looked_at(scene, 80, 8, gone=8)
    assert scene.run.believed == {HOST: True}
    assert [numbers for _, numbers, _ in scene.wakes.sent] == [list(range(8))]
    for number in range(8):
        scene.deliver(number)
    assert _active(scene) == 72
    assert all(batch.is_final for batch in scene.batches.rows.values())


def test_a_sum_that_cannot_be_believed_ends_nobody_and_is_told() -> None:
    scene = Scene()
    _delivered_and_looked_at(scene, 80, 8, gone=40)
    assert scene.run.believed == {HOST: False}
    for number in range(8):
        scene.deliver(number)
    assert _active(scene) == 80
    assert [gate.gone for gate in scene.notices.told] == [40]
    assert scene.counts["spared"] == 40


def test_too_few_in_the_whole_run_are_believed() -> None:
    scene = Scene()
    _delivered_and_looked_at(scene, 16, 4, gone=16)
    assert scene.run.believed == {HOST: True}


def test_while_some_are_put_off_too_few_decide_nothing() -> None:
    """They may be of the same host: one that closes early has hardly been asked when the rest of a run is over."""
    scene = Scene()
    keys = scene.subscribe(52)
    scene.launch(batches=1)
    scene.services.usual = (GONE, 0.05)
    for key in keys[45:]:
        scene.services.says(key, Outcome(Verdict.LATER, "throttled", 600.0), GONE)
    scene.deliver()
    assert (_active(scene), scene.record().is_final) == (52, False)
    scene.pass_time(minutes=11)
    scene.deliver()
    assert (_active(scene), scene.record().is_final, scene.counts["spared"]) == (52, True, 52)


def test_a_batch_that_waits_for_the_sum_is_not_looked_at_before_the_rest_can_be_done() -> None:
    scene = Scene()
    keys = scene.subscribe(16)
    scene.launch(batches=2, look_at=scene.now)
    scene.services.says(keys[0], GONE)
    scene.services.says(keys[15], Outcome(Verdict.LATER, "throttled", 3_600.0))
    scene.deliver(0)
    scene.deliver(1)
    scene.do(look(scene.ports, scene.run))
    assert (scene.run.believed, scene.run.look_at) == ({}, scene.record(1).next_at)


def test_while_some_are_unread_too_few_decide_nothing() -> None:
    scene = Scene()
    scene.subscribe(16)
    scene.launch(batches=4)
    scene.services.usual = (GONE, 0.05)
    scene.deliver(0)
    scene.do(look(scene.ports, scene.run))
    assert scene.run.believed == {}


def test_who_moves_the_run_meanwhile_decides_what_is_believed() -> None:
    scene = Scene()
    scene.subscribe(16)
    scene.launch(batches=1, look_at=scene.now + timedelta(minutes=1))
    scene.change(batches=2)
    scene.services.usual = (GONE, 0.05)
    scene.deliver(0)
    scene.runs.rivals = [lambda: scene.change(look_at=scene.now + timedelta(seconds=30))]
    deadline = scene.now + timedelta(seconds=60)
    scene.do(work(scene.ports, tenant_id=scene.run.tenant_id, run_id=scene.run.id, number=1, deadline=deadline))
    assert (scene.run.believed, scene.wakes.sent) == ({}, [])
    scene.do(look(scene.ports, scene.run))
    assert scene.run.believed == {HOST: True}


def test_a_sum_says_nothing_new_of_a_host_that_became_suspected_meanwhile() -> None:
    scene = Scene()
    _all_gone_in_a_run_of(scene, 80, 8)
    scene.gates.rows[TENANT, SITE] = {HOST: Gate(HOST, rev=1).suspected(now=scene.now, answers=9, gone=9)}
    scene.do(look(scene.ports, scene.run))
    assert scene.run.believed == {HOST: False}
    assert scene.notices.told == []


def test_a_sum_stands_even_when_others_write_of_the_host_just_then() -> None:
    scene = Scene()
    scene.gates.is_raced = True
    _delivered_and_looked_at(scene, 80, 8, gone=40)
    assert scene.run.believed == {HOST: False}
    assert scene.notices.told == []
