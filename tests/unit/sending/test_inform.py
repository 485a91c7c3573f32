"""When a site's owners are written to: at every look at a run, and never by a worker."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.channels.outcome import Outcome, Verdict
from chalicelib.features.sending.model.gate import Closure, Gate
from chalicelib.features.sending.model.run import State
from chalicelib.features.sending.service.sweep import sweep
from chalicelib.features.sending.service.work import work
from tests.chaos.stores import HOST
from tests.unit.campaigns.memory import SITE, TENANT
from tests.unit.sending.scene import Scene


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.subscribe(64)
    scene.launch(batches=4, look_at=scene.now)
    return scene


def put(scene: Scene, host: str = HOST) -> Gate:
    gate = Gate(host).closed(Closure.REFUSED, now=scene.now, wish=timedelta())
    return scene.do(scene.ports.gates.save(TENANT, SITE, gate))


def look(scene: Scene) -> None:
    assert scene.run.look_at is not None
    scene.do(sweep(scene.ports, scene.entry(scene.run.look_at), deadline=scene.now + timedelta(minutes=1)))


def test_a_look_at_a_run_under_way_shows_every_gate(scene: Scene) -> None:
    gates = [put(scene, host) for host in ("b.notify.windows.com", "a.notify.windows.com")]
    look(scene)
    assert scene.notices.written == list(reversed(gates))


def test_a_look_at_a_run_that_is_done_shows_them_before_it_ends_it(scene: Scene) -> None:
    for number in range(4):
        scene.deliver(number)
    gate = put(scene)
    look(scene)
    assert scene.notices.written == [gate]
    assert scene.run.is_over


def test_where_all_is_well_nobody_is_asked_to_write(scene: Scene) -> None:
    look(scene)
    assert scene.notices.written == []


@pytest.mark.parametrize("outcome", [Outcome(Verdict.FAILED, "vapid_refused"), Outcome(Verdict.GONE)])
def test_a_worker_leaves_the_end_of_such_a_run_to_its_look(outcome: Outcome) -> None:
    scene = Scene()
    scene.subscribe(15)
    run = scene.launch(look_at=scene.now)
    scene.do(scene.ports.gates.save(TENANT, SITE, Gate(HOST).suspected(now=scene.now, answers=90, gone=80)))
    scene.services.usual = (outcome, 0.05)
    deadline = scene.now + timedelta(seconds=60)
    scene.do(work(scene.ports, tenant_id=TENANT, run_id=run.id, number=0, deadline=deadline))
    assert scene.run.state is State.SENDING
    assert scene.notices.written == []
    look(scene)
    assert scene.run.finished_at == scene.now
    assert [gate.host for gate in scene.notices.written] == [HOST]
