"""The operator's desk: stops, records of a run, and hosts that are judged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from chalicelib.core.errors import NotFound, Stale
from chalicelib.features.operations.model import Stop
from chalicelib.features.operations.service import Operations
from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.condition import Condition
from chalicelib.features.sending.model.gate import Closure, Gate
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.service.desk import Desk, Examined
from tests.unit.campaigns.memory import SITE, TENANT
from tests.unit.operations.memory import Queues, Stops
from tests.unit.sending.scene import Scene

ID = "run_" + "0" * 26
HOST = "fcm.googleapis.com"


class OneTenant:
    def get(self, *, tenant_id: str, site_id: str = SITE) -> object:
        if (tenant_id, site_id) != (TENANT, SITE):
            raise NotFound
        return object()


class AtOnce:
    """Ports of the desk: nothing is stopped or reordered on the way."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.rivals: list[Callable[[], object]] = []

    async def get(self, tenant_id: str, run_id: str) -> Run | None:
        return self.scene.runs.rows.get(f"{tenant_id}/{run_id}")

    async def get_many(self, tenant_id: str, run: Run, numbers: range) -> list[Batch]:
        rows = self.scene.batches.rows
        return [rows[tenant_id, run.id, number] for number in reversed(numbers) if (tenant_id, run.id, number) in rows]

    async def of_site(self, tenant_id: str, site_id: str) -> dict[str, Gate]:
        return dict(self.scene.gates.rows.get((tenant_id, site_id), {}))

    async def save(self, tenant_id: str, site_id: str, gate: Gate) -> Gate:
        if self.rivals:
            self.rivals.pop(0)()
        return await self.scene.gates.save(tenant_id, site_id, gate)


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def ports(scene: Scene) -> AtOnce:
    return AtOnce(scene)


@pytest.fixture
def desk(ports: AtOnce) -> Desk:
    operations = Operations(probes={}, stops=Stops(), queues=Queues())
    return Desk(
        switch=operations,
        tenants=OneTenant(),
        sites=OneTenant(),
        runs=ports,  # type: ignore[arg-type]  # of its port only what a desk asks
        records=ports,  # type: ignore[arg-type]  # the same
        gates=ports,
    )


# --- the switch ---


def test_a_stop_stands_until_it_is_taken_back(scene: Scene, desk: Desk) -> None:
    assert list(desk.stop(tenant_id=None, now=scene.now)) == [Stop(None, scene.now)]
    assert list(desk.stop(tenant_id=TENANT, now=scene.now)) == [Stop(None, scene.now), Stop(TENANT, scene.now)]
    assert list(desk.start(tenant_id=None)) == [Stop(TENANT, scene.now)]
    assert list(desk.stops()) == [Stop(TENANT, scene.now)]
    assert list(desk.start(tenant_id=TENANT)) == []


def test_a_tenant_that_does_not_exist_is_no_stop(scene: Scene, desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.stop(tenant_id="ten_nobody", now=scene.now)
    with pytest.raises(NotFound):
        desk.start(tenant_id="ten_nobody")
    assert list(desk.stops()) == []


# --- a run ---


def a_run(scene: Scene, batches: int | None = 8) -> Run:
    return scene.put(scene.launch(id=ID, batches=batches))


def start(scene: Scene, run: Run, *numbers: int) -> None:
    for number in numbers:
        batch = Batch.unstarted(run, number)
        batch.rev, batch.owner, batch.leased_until = 1, "somebody", scene.now + timedelta(seconds=90)
        scene.batches.rows[TENANT, run.id, number] = batch


def numbers(found: list[Examined]) -> list[int]:
    return [one.batch.number for one in found]


def test_a_run_is_found_by_its_tenant_alone(scene: Scene, desk: Desk) -> None:
    run = a_run(scene)
    assert desk.run(tenant_id=TENANT, run_id=ID) == run
    for tenant_id, run_id in ((TENANT, "run_" + "1" * 26), ("ten_cyd", ID), (TENANT, "nonsense"), (TENANT, "")):
        with pytest.raises(NotFound):
            desk.run(tenant_id=tenant_id, run_id=run_id)


def test_every_batch_is_shown_by_number_started_or_not(scene: Scene, desk: Desk) -> None:
    run = a_run(scene)
    start(scene, run, 2, 5)
    first = desk.batches(run, wanted=None, limit=5, position=None, now=scene.now)
    rest = desk.batches(run, wanted=None, limit=5, position=first.position, now=scene.now)
    assert numbers([*first.rows, *rest.rows]) == list(range(8))
    assert rest.position is None
    assert [one.batch.number for one in first.rows if one.condition is Condition.LEASED] == [2]
    assert {one.condition for one in rest.rows} == {Condition.LEASED, Condition.UNSTARTED}


def test_a_page_that_ends_with_the_last_batch_is_the_last(scene: Scene, desk: Desk) -> None:
    run = a_run(scene)
    page = desk.batches(run, wanted=None, limit=8, position=None, now=scene.now)
    assert (len(page.rows), page.position) == (8, None)


def test_only_those_that_stand_so_are_shown_on_request(scene: Scene, desk: Desk) -> None:
    run = a_run(scene)
    start(scene, run, 1, 6)
    page = desk.batches(run, wanted=Condition.LEASED, limit=100, position=None, now=scene.now)
    assert (numbers(list(page.rows)), page.position) == ([1, 6], None)
    scene.pass_time(minutes=2)
    assert not desk.batches(run, wanted=Condition.LEASED, limit=100, position=None, now=scene.now).rows
    lost = desk.batches(run, wanted=Condition.ABANDONED, limit=1, position=None, now=scene.now)
    assert (numbers(list(lost.rows)), lost.position) == ([1], "1")


def test_a_long_search_goes_on_in_the_next_call(scene: Scene, desk: Desk) -> None:
    run = a_run(scene, batches=2_048)
    start(scene, run, 1_500)
    found: list[Examined] = []
    position, calls = None, 0
    while not calls or position:
        page = desk.batches(run, wanted=Condition.LEASED, limit=10, position=position, now=scene.now)
        found, position, calls = [*found, *page.rows], page.position, calls + 1
    assert (numbers(found), calls) == ([1_500], 3)


def test_a_run_without_a_plan_has_no_batches(scene: Scene, desk: Desk) -> None:
    page = desk.batches(a_run(scene, batches=None), wanted=None, limit=10, position=None, now=scene.now)
    assert (list(page.rows), page.position) == ([], None)


# --- hosts ---


def know(scene: Scene, gate: Gate) -> Gate:
    scene.gates.rows.setdefault((TENANT, SITE), {})[gate.host] = gate
    return gate


def test_gates_are_listed_by_host(scene: Scene, desk: Desk) -> None:
    assert desk.gates(tenant_id=TENANT, site_id=SITE) == []
    gates = [know(scene, Gate(host, rev=1)) for host in ("b.example", "a.example")]
    assert desk.gates(tenant_id=TENANT, site_id=SITE) == gates[::-1]


def test_a_host_that_is_trusted_is_believed_for_a_week(scene: Scene, desk: Desk) -> None:
    know(scene, Gate(HOST, suspected_at=scene.now, answers=400, gone=333, rev=3))
    trusted = desk.trust(tenant_id=TENANT, site_id=SITE, host=HOST, now=scene.now)
    assert trusted.believes(now=scene.now + timedelta(days=6)) is True
    assert trusted.believes(now=scene.now + timedelta(days=8)) is None
    assert scene.gates.rows[TENANT, SITE][HOST] == trusted


def test_a_gate_that_is_opened_lets_everyone_through(scene: Scene, desk: Desk) -> None:
    closed = Gate(HOST, rev=1).closed(Closure.REFUSED, now=scene.now, wish=timedelta())
    know(scene, closed)
    opened = desk.open(tenant_id=TENANT, site_id=SITE, host=HOST)
    assert not opened.is_closed(now=scene.now)
    assert not opened.is_on_probation


def test_nothing_is_known_of_a_host_that_gave_no_trouble(scene: Scene, desk: Desk) -> None:
    for host in (HOST, "", "evil.example"):
        with pytest.raises(NotFound):
            desk.trust(tenant_id=TENANT, site_id=SITE, host=host, now=scene.now)


def test_a_site_of_another_tenant_is_not_found(scene: Scene, desk: Desk) -> None:
    know(scene, Gate(HOST, rev=1))
    with pytest.raises(NotFound):
        desk.gates(tenant_id="ten_cyd", site_id=SITE)
    with pytest.raises(NotFound):
        desk.open(tenant_id="ten_cyd", site_id=SITE, host=HOST)


def test_a_worker_who_writes_at_the_same_time_is_not_overruled(scene: Scene, desk: Desk, ports: AtOnce) -> None:
    know(scene, Gate(HOST, suspected_at=scene.now, rev=1))
    ports.rivals.append(lambda: know(scene, Gate(HOST, suspected_at=scene.now, closures=4, rev=2)))
    assert desk.trust(tenant_id=TENANT, site_id=SITE, host=HOST, now=scene.now).closures == 4


def test_who_is_always_too_late_hears_so(scene: Scene, desk: Desk, ports: AtOnce) -> None:
    rev = know(scene, Gate(HOST, rev=1)).rev
    for _ in range(9):
        rev += 1
        ports.rivals.append(partial(know, scene, Gate(HOST, closures=rev, rev=rev)))
    with pytest.raises(Stale):
        desk.open(tenant_id=TENANT, site_id=SITE, host=HOST)
