"""What every store of runs must do: the real one over DynamoDB, and the chaos suite's in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from chalicelib.core import drive
from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import Stale, Unavailable
from chalicelib.features.due.wiring import entry_writing
from chalicelib.features.sending.model.run import Estimate, State
from chalicelib.features.sending.service.patience import patiently
from chalicelib.features.sending.store.runs import RunRows
from tests.adapters.aws.faults import Faults
from tests.adapters.sending.rows import ADA, AT, CYD, a_run
from tests.chaos.simulation import CALM, Simulation
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
    store = RunRows(entry_writing=entry_writing())
    first = drive.run(store.add(ADA, a_run(look_at=AT)))
    assert drive.run(store.add(ADA, a_run(look_at=AT + timedelta(hours=1)))) == first
    (row,) = aws.rows("due")
    assert row["sk"] == f"run#{ADA}#{first.id}#{in_milliseconds(AT)}"
