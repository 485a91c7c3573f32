"""What owners do with runs: cancel them, try a few browsers first, watch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from chalicelib.core import ids
from chalicelib.core.errors import Invalid
from chalicelib.core.identity import Mode
from chalicelib.features.campaigns.model import Campaign, Status, WrongState
from chalicelib.features.sending.adapters.world import CampaignOwners
from chalicelib.features.sending.model.run import Lane, Run, Source, State
from chalicelib.features.sending.service.sending import MOST_CHOSEN, Sending
from tests.unit.campaigns.memory import TENANT, House
from tests.unit.sending.scene import PERSONS, Scene

K1, K2 = bytes([1]) * 16, bytes([2]) * 16


class People:
    def __init__(self) -> None:
        self.browsers: dict[str, list[bytes]] = {}

    def keys_of(self, *, tenant_id: str, site_id: str, external_id: str) -> Sequence[bytes]:
        assert (tenant_id, site_id) != ("", "")
        return self.browsers.get(external_id, [])


class World:
    def __init__(self) -> None:
        self.house = House()
        self.scene = Scene()
        self.scene.runs.replacing = self.house.replaced
        self.people = People()
        self.sending = Sending(
            ports=replace(self.scene.ports, campaigns=CampaignOwners(self.house.campaigns)),
            campaigns=self.house.campaigns,
            people=self.people,
            run_list=self.scene.runs,
        )

    @property
    def now(self) -> datetime:
        return self.scene.now

    def sent(self) -> Campaign:
        """A campaign that is being sent, and its run."""
        self.house.campaigns.send(self.house.create(now=self.now), mode=Mode.LIVE, now=self.now)
        (entry,) = self.house.entries
        self.house.campaigns.launched(entry)
        (campaign,) = self.house.rows.rows.values()
        run = self.scene.launch()
        self.scene.runs.rows.clear()
        self.scene.put(replace(run, id=str(campaign.run_id), campaign_id=campaign.id))
        return campaign

    def run_of(self, campaign: Campaign) -> Run:
        return self.scene.runs.rows[f"{TENANT}/{campaign.run_id}"]


@pytest.fixture
def world() -> World:
    return World()


# --- cancel ---


def test_a_cancel_reaches_campaign_and_run(world: World) -> None:
    campaign = world.sent()
    cancelled = world.sending.cancel(campaign, now=world.now)
    assert cancelled == world.house.standing(campaign)
    assert cancelled.status is Status.CANCELLED
    assert world.run_of(campaign).state is State.CANCELLED
    assert len(world.scene.wakes.looks) == 1
    assert (cancelled.look_at, world.house.entries) == (None, [])  # so it can be deleted at once


def test_a_cancel_leaves_the_entry_of_a_planner_that_is_not_done(world: World) -> None:
    campaign = world.house.campaigns.send(world.house.create(now=world.now), mode=Mode.LIVE, now=world.now)
    world.scene.put(replace(world.scene.launch(), id=str(campaign.run_id), campaign_id=campaign.id))
    assert world.sending.cancel(campaign, now=world.now).look_at == campaign.look_at
    assert [entry.at for entry in world.house.entries] == [campaign.look_at]


def test_a_pause_and_a_resume_reach_campaign_and_run(world: World) -> None:
    campaign = world.sent()
    paused = world.sending.pause(campaign)
    assert (paused.status, world.run_of(campaign).state) == (Status.PAUSED, State.PAUSED)
    assert world.sending.resume(paused) == world.house.standing(campaign)
    assert (world.house.standing(campaign).status, world.run_of(campaign).state) == (Status.SENDING, State.SENDING)


def test_a_scheduled_campaign_has_no_run_to_tell(world: World) -> None:
    campaign = world.house.create(now=world.now, send_at=world.now + timedelta(hours=1))
    assert world.sending.cancel(campaign, now=world.now).run_id is None
    assert world.scene.wakes.looks == []


def test_a_cancel_before_the_planner_came_is_left_to_the_calendar(world: World) -> None:
    campaign = world.sent()
    world.scene.runs.rows.clear()
    assert world.sending.cancel(campaign, now=world.now).status is Status.CANCELLED
    assert [entry.id for entry in world.house.entries] == [campaign.id]
    assert world.house.wakes.woken[-1:] == world.house.entries


@pytest.mark.parametrize("trouble", ["store", "rivals"])
def test_a_cancel_that_could_not_be_told_stands_all_the_same(world: World, trouble: str) -> None:
    campaign = world.sent()
    match trouble:
        case "store":
            world.scene.runs.down = 5
        case "rivals":
            run = world.run_of(campaign)
            world.scene.runs.rivals = [partial(world.scene.put, replace(run, rev=rev)) for rev in range(2, 7)]
    assert world.sending.cancel(campaign, now=world.now).status is Status.CANCELLED
    assert [entry.id for entry in world.house.entries] == [campaign.id]


def test_what_is_over_cannot_be_cancelled(world: World) -> None:
    with pytest.raises(WrongState):
        world.sending.cancel(world.house.in_state(Status.SENT), now=world.now)


# --- test pushes ---


def attempt(world: World, campaign: Campaign, keys: Sequence[bytes] = (), external_ids: Sequence[str] = ()) -> Run:
    return world.sending.test(campaign, keys=keys, external_ids=external_ids, mode=Mode.TEST, now=world.now)


def test_a_test_is_a_run_of_its_own_that_changes_nothing_else(world: World) -> None:
    campaign = world.house.create(now=world.now)
    run = attempt(world, campaign, [K2, K1])
    assert (run.source, run.mode, run.campaign_id, run.batches) == (Source.TEST, Mode.TEST, campaign.id, 1)
    assert [(one.key, one.person) for one in run.order.chosen] == [(K1, b""), (K2, b"")]
    assert run.expires_at == world.now + timedelta(hours=1)
    assert world.scene.wakes.sent == [(Lane.SMALL, [0], 0)]
    assert world.house.standing(campaign) == campaign
    assert world.house.campaigns.runs(campaign, limit=10, position=None).rows == [run.id]


def test_people_are_tested_by_all_their_browsers_and_only_while_they_are_theirs(world: World) -> None:
    world.people.browsers = {"ada": [K1, K2]}
    run = attempt(world, world.house.create(now=world.now), [K1], ["ada", "nobody"])
    assert [(one.key, one.person) for one in run.order.chosen] == [(K1, PERSONS.hash("ada")), (K2, PERSONS.hash("ada"))]


def test_a_test_for_nobody_is_refused(world: World) -> None:
    with pytest.raises(Invalid, match="None of these has a subscription"):
        attempt(world, world.house.create(now=world.now), (), ["nobody"])
    assert world.scene.runs.rows == {}


def test_a_test_is_for_a_few(world: World) -> None:
    keys = [number.to_bytes(16) for number in range(MOST_CHOSEN + 1)]
    world.people.browsers = {"ada": keys[:-1]}
    assert len(attempt(world, world.house.create(now=world.now), (), ["ada"]).order.chosen) == MOST_CHOSEN
    world.people.browsers = {"ada": keys}
    with pytest.raises(Invalid, match="more than 100 browsers: 101"):
        attempt(world, world.house.create(now=world.now), (), ["ada"])


# --- watching ---


def test_runs_come_newest_first_and_those_that_were_never_written_are_missing(world: World) -> None:
    campaign = world.house.create(now=world.now)
    made = sorted((attempt(world, campaign, [K1]).id for _ in range(3)), reverse=True)
    world.house.campaigns.link(campaign, run_id=ids.new("run"), now=world.now)
    page = world.sending.runs(campaign, limit=10, position=None)
    assert [run.id for run in page.rows] == made


def test_totals_of_a_run_under_way_are_added_up_from_its_records(world: World) -> None:
    totals = world.sending.totals(world.run_of(world.sent()))
    assert (totals.audience, totals.is_exact) == (0, False)


def test_totals_before_there_is_a_run_are_all_zero(world: World) -> None:
    totals = world.sending.totals(None)
    assert (totals.audience, totals.pending, totals.is_exact) == (0, 0, False)


def test_totals_of_a_finished_run_need_no_records(world: World) -> None:
    run = replace(world.run_of(world.sent()), finished_at=world.now, totals={"accepted": 5})
    world.scene.batches.down = 99
    assert world.sending.totals(run).audience == 5
