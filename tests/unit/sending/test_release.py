"""A campaign's time has come, or it is taken back: its run is written once, and hears of everything."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import Stale
from chalicelib.core.identity import Mode
from chalicelib.features.campaigns.model import Status
from chalicelib.features.due.model import Entry, Kind
from chalicelib.features.sending.model.run import Run, Source, State
from chalicelib.features.sending.service.release import release
from chalicelib.features.sending.service.steer import tell
from tests.unit.campaigns.memory import SITE, TENANT, a_campaign
from tests.unit.sending.scene import MESSAGE, RUN, Scene


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.subscribe(8)
    scene.owners.campaign = a_campaign(
        tenant_id=TENANT, site_id=SITE, message=MESSAGE, status=Status.SENDING, run_id=RUN, careful=True, mode=Mode.TEST
    )
    return scene


def come(scene: Scene, *, since: timedelta = timedelta()) -> Entry:
    entry = Entry.at_its_minute(Kind.CAMPAIGN, TENANT, "cmp_a", scene.now - since)
    scene.do(release(scene.ports, entry, deadline=scene.now + timedelta(minutes=1)))
    return entry


def test_its_run_is_written_planned_and_woken(scene: Scene) -> None:
    entry = come(scene)
    run, campaign = scene.run, scene.owners.campaign
    assert campaign is not None
    assert (run.source, run.campaign_id, run.mode, run.state) == (
        Source.CAMPAIGN,
        campaign.id,
        Mode.TEST,
        State.SENDING,
    )
    assert (run.order.message, run.order.careful, run.order.cutoff) == (MESSAGE, True, in_milliseconds(scene.now))
    assert run.expires_at == scene.now + timedelta(days=14)
    assert len(scene.wakes.sent) == 1
    assert scene.owners.done == [entry]


def test_nothing_comes_of_an_entry_that_speaks_for_nobody(scene: Scene) -> None:
    scene.owners.campaign = None
    come(scene)
    assert (scene.runs.rows, scene.owners.done) == ({}, [])


def test_a_launch_that_comes_twice_is_one_run_with_one_cutoff(scene: Scene) -> None:
    come(scene)
    cutoff = scene.run.order.cutoff
    scene.pass_time(minutes=6)
    come(scene)
    assert (len(scene.runs.rows), scene.run.order.cutoff) == (1, cutoff)


def test_a_planner_that_was_overtaken_leaves_the_entry_to_the_next_tick(scene: Scene) -> None:
    scene.runs.rivals.append(lambda: scene.change(batches=1))
    come(scene)
    assert (scene.run.batches, scene.owners.done) == (1, [])


def test_a_cancel_that_came_while_it_was_launched_is_heard_at_once(scene: Scene) -> None:
    scene.owners.meanwhile = partial(_take_back, scene)
    come(scene)
    assert scene.run.state is State.CANCELLED
    assert len(scene.owners.done) == 1


def test_a_cancel_reaches_the_run_that_there_is(scene: Scene) -> None:
    come(scene)
    _take_back(scene)
    come(scene)
    assert scene.run.state is State.CANCELLED
    assert len(scene.wakes.sent) == 1
    assert len(scene.owners.done) == 2


def test_a_cancel_without_a_run_waits_until_no_planner_can_be_about_to_write_it(scene: Scene) -> None:
    _take_back(scene)
    come(scene, since=timedelta(minutes=1))
    assert scene.owners.done == []
    come(scene, since=timedelta(minutes=3))
    assert len(scene.owners.done) == 1
    assert scene.runs.rows == {}


def _take_back(scene: Scene) -> None:
    assert scene.owners.campaign is not None
    scene.owners.campaign = replace(scene.owners.campaign, status=Status.CANCELLED)


# --- a run hears of a cancel ---


def stop(scene: Scene, run_id: str = RUN) -> Run | None:
    return scene.do(tell(scene.ports, tenant_id=TENANT, run_id=run_id))


def test_a_cancelled_run_is_looked_at_now_and_starts_its_waves_anew(scene: Scene) -> None:
    scene.launch(waves=3, look_at=scene.now + timedelta(hours=1))
    run = stop(scene)
    assert run == scene.run
    assert (run.state, run.reissued_at, run.waves, run.look_at) == (State.CANCELLED, None, 0, scene.now)
    assert scene.looks == scene.wakes.looks == [scene.now]


@pytest.mark.parametrize(
    "changes", [{"state": State.CANCELLED}, {"finished_at": Scene().now}], ids=["cancelled", "over"]
)
def test_what_is_over_or_cancelled_stays_as_it_is(scene: Scene, changes: dict[str, object]) -> None:
    before = scene.launch(**changes)
    assert stop(scene) == before == scene.run


def test_a_run_that_is_not_there_cannot_hear(scene: Scene) -> None:
    assert stop(scene, "run_b") is None


def test_a_cancel_insists_a_few_times(scene: Scene) -> None:
    scene.launch()
    scene.runs.rivals = [lambda: scene.change(waves=scene.run.waves + 1)] * 4
    assert stop(scene) is not None
    assert (scene.run.state, scene.run.waves) == (State.CANCELLED, 0)


def test_and_then_says_so(scene: Scene) -> None:
    scene.launch()
    scene.runs.rivals = [lambda: scene.change(waves=scene.run.waves + 1)] * 5
    with pytest.raises(Stale):
        stop(scene)
