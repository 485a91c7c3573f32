"""What every store of runs must do: the real one over DynamoDB, and the chaos suite's in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from chalicelib.core import drive
from chalicelib.core.clock import from_milliseconds, in_milliseconds
from chalicelib.core.errors import Stale, Unavailable
from chalicelib.features.campaigns.model import Campaign, Status
from chalicelib.features.campaigns.store import CampaignRows
from chalicelib.features.campaigns.wiring import campaign_replacing
from chalicelib.features.due.wiring import entry_moving
from chalicelib.features.sending.model.run import Estimate, Run, State
from chalicelib.features.sending.service.patience import patiently
from chalicelib.features.sending.store.runs import RunRows
from tests.adapters.aws.faults import Faults
from tests.adapters.sending.rows import ADA, AT, CYD, a_run
from tests.chaos.simulation import CALM, Simulation
from tests.chaos.stores import Entries
from tests.unit.campaigns.memory import MemoryCampaigns, a_campaign
from tests.unit.sending.scene import Runs

if TYPE_CHECKING:
    from tests.fakes.installation import Installation

Store = RunRows | Runs


@pytest.fixture(params=["memory", "rows"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return Runs(Simulation(0, CALM))
    request.getfixturevalue("aws")
    return RunRows()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"look_at": None, "batches": None, "estimate": None, "reissued_at": None, "totals": {}, "campaign_id": None},
        {"state": State.SENT, "finished_at": AT, "look_at": None},
    ],
    ids=["full", "new", "over"],
)
def test_a_run_comes_back_as_it_went_in(store: Store, changes: dict[str, object]) -> None:
    run = a_run(**changes)
    assert drive.run(store.add(ADA, run)) == run
    assert drive.run(store.get(ADA, run.id)) == run


def test_what_stands_is_not_written_over(store: Store) -> None:
    first = drive.run(store.add(ADA, a_run()))
    assert drive.run(store.add(ADA, a_run(state=State.CANCELLED))) == first


def test_another_tenant_sees_nothing_of_it(store: Store) -> None:
    run = drive.run(store.add(ADA, a_run()))
    assert drive.run(store.get(CYD, run.id)) is None
    assert drive.run(store.get_many(CYD, [run.id])) == []


def test_only_the_changing_half_changes(store: Store) -> None:
    run = drive.run(store.add(ADA, a_run()))
    changed = replace(
        run,
        state=State.CANCELLED,
        look_at=None,
        batches=32,
        estimate=Estimate(1, exact=True),
        reissued_at=None,
        waves=4,
        finished_at=AT + timedelta(hours=1),
        totals={"accepted": 2, "gone:ended": 1},
    )
    saved = drive.run(store.save(ADA, changed))
    assert saved == replace(changed, rev=2)
    assert drive.run(store.get(ADA, run.id)) == saved


def test_a_save_needs_the_revision_it_was_made_from(store: Store) -> None:
    run = drive.run(store.add(ADA, a_run()))
    first = drive.run(store.save(ADA, replace(run, waves=4)))
    with pytest.raises(Stale):
        drive.run(store.save(ADA, replace(run, waves=5)))
    assert drive.run(store.get(ADA, run.id)) == first


def test_the_very_same_save_again_is_done_already(store: Store) -> None:
    run = drive.run(store.add(ADA, a_run()))
    changed = replace(run, waves=4)
    assert drive.run(store.save(ADA, changed)) == drive.run(store.save(ADA, changed))


def test_many_are_read_at_once_and_the_absent_are_missing(store: Store) -> None:
    made = [drive.run(store.add(ADA, a_run(id=f"run_{number}"))) for number in range(3)]
    found = drive.run(store.get_many(ADA, [run.id for run in made] + ["run_none"]))
    assert sorted(found, key=lambda run: run.id) == made
    assert drive.run(store.get_many(ADA, [])) == []


@pytest.mark.parametrize("lost", [1, 2, 4])
def test_a_save_whose_answer_was_lost_is_done_however_often(aws: Installation, faults: Faults, lost: int) -> None:
    """The SDK tries four times; then it is the engine that asks again, and meets its own row."""
    store = RunRows()
    run = drive.run(store.add(ADA, a_run()))
    faults.silence("dynamodb.UpdateItem", times=lost)
    saved = drive.run(patiently(store.save, ADA, replace(run, waves=4)))
    assert (saved.waves, saved.rev) == (4, 2)
    assert [row["rev"] for row in aws.rows("sends")] == [2]


@pytest.mark.parametrize("lost", [1, 4])
def test_an_add_whose_answer_was_lost_is_done(aws: Installation, faults: Faults, lost: int) -> None:
    faults.silence("dynamodb.PutItem", times=lost)
    assert drive.run(patiently(RunRows().add, ADA, a_run())) == a_run()
    assert len(aws.rows("sends")) == 1


def test_a_table_that_does_not_answer_is_unavailable(faults: Faults) -> None:
    faults.reject("dynamodb.GetItem", times=9)
    with pytest.raises(Unavailable):
        drive.run(RunRows().get(ADA, "run_a"))


def test_a_run_is_added_with_its_entry_once(aws: Installation) -> None:
    store = RunRows(moving=entry_moving())
    first = drive.run(store.add(ADA, a_run(look_at=AT)))
    assert drive.run(store.add(ADA, a_run(look_at=AT + timedelta(hours=1)))) == first
    (row,) = aws.rows("due")
    assert row["sk"] == f"run#{ADA}#{first.id}#{in_milliseconds(AT)}"


# --- with its campaign ---


class Owned:
    """A run that stands, its campaign, and the calendar."""

    def __init__(self, aws: Installation | None) -> None:
        self.campaign = a_campaign(tenant_id=ADA, status=Status.SENDING, run_id="run_a")
        self._campaigns: CampaignRows | MemoryCampaigns
        self.store: Store
        self._entries = Entries()
        self._aws = aws
        if aws is None:
            self._campaigns = MemoryCampaigns()
            self.store = Runs(Simulation(0, CALM), self._entries, self._replaced)
        else:
            self._campaigns = CampaignRows()
            self.store = RunRows(moving=entry_moving(), replacing=campaign_replacing())
        self._campaigns.add(ADA, self.campaign)
        self.run = drive.run(self.store.add(ADA, a_run(id="run_a")))

    def turn(self, run: Run | None = None, campaign: Campaign | None = None) -> tuple[Run, Campaign]:
        """Both held, looked at an hour later than they were to be."""
        held = replace(run or self.run, state=State.PAUSED, look_at=AT + timedelta(hours=1))
        owner = replace(campaign or self.campaign, status=Status.PAUSED)
        return drive.run(patiently(self.store.turn, ADA, held, owner, looked_at=self.run.look_at))

    @property
    def standing(self) -> tuple[Run | None, Campaign | None, list[datetime]]:
        run, campaign = drive.run(self.store.get(ADA, self.run.id)), self._campaigns.get(ADA, self.campaign.id)
        return run, campaign, self._looks()

    def _looks(self) -> list[datetime]:
        if self._aws is None:
            return [entry.at for entry in self._entries.rows]
        return [from_milliseconds(int(row["sk"].split("#")[-1])) for row in self._aws.rows("due")]

    def _replaced(self, campaign: Campaign) -> Campaign:
        assert isinstance(self._campaigns, MemoryCampaigns)
        return self._campaigns.save(ADA, campaign)


@pytest.fixture(params=["memory", "rows"])
def owned(request: pytest.FixtureRequest) -> Owned:
    return Owned(None if request.param == "memory" else request.getfixturevalue("aws"))


def test_a_run_turns_with_its_campaign_and_its_entry(owned: Owned) -> None:
    run, campaign = owned.turn()
    assert owned.standing == (run, campaign, [run.look_at])
    assert (run.rev, run.state, campaign.rev, campaign.status) == (2, State.PAUSED, 2, Status.PAUSED)


@pytest.mark.parametrize("late", ["run", "campaign"])
def test_all_turn_or_none(owned: Owned, late: str) -> None:
    before = owned.standing
    run = replace(owned.run, rev=5) if late == "run" else None
    campaign = replace(owned.campaign, rev=5) if late == "campaign" else None
    with pytest.raises(Stale):
        owned.turn(run, campaign)
    assert owned.standing == before


def test_the_very_same_turn_again_is_done_already(owned: Owned) -> None:
    assert owned.turn() == owned.turn()
    run, campaign, looks = owned.standing
    assert run is not None
    assert (run.rev, campaign and campaign.rev, looks) == (2, 2, [run.look_at])


@pytest.mark.parametrize("lost", [1, 2, 4])
def test_a_turn_whose_answer_was_lost_is_done_however_often(aws: Installation, faults: Faults, lost: int) -> None:
    owned = Owned(aws)
    faults.silence("dynamodb.TransactWriteItems", times=lost)
    run, campaign = owned.turn()
    assert owned.standing == (run, campaign, [run.look_at])
