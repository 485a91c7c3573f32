"""What every store of batch records must do: the real one over DynamoDB, and the chaos suite's in memory."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from chalicelib.core import drive
from chalicelib.features.sending.model.batch import MOST_LATER, Batch, Progress, Wait
from chalicelib.features.sending.service.patience import patiently
from chalicelib.features.sending.store.batches import BatchRows
from tests.adapters.aws.faults import Faults
from tests.adapters.sending.rows import ADA, AT, CYD, PROGRESS, a_batch, a_run
from tests.chaos.simulation import CALM, Simulation
from tests.unit.sending.scene import Batches

if TYPE_CHECKING:
    from tests.fakes.installation import Installation

Store = BatchRows | Batches
RUN = a_run()


@pytest.fixture(params=["memory", "rows"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return Batches(Simulation(0, CALM))
    request.getfixturevalue("aws")
    return BatchRows()


def saved(store: Store, batch: Batch) -> Batch:
    assert drive.run(store.save(ADA, batch))
    return batch


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"progress": Progress()},
        {"owner": "somebody", "leased_until": AT},
        {"next_at": AT + timedelta(minutes=5)},
        {"is_final": True},
    ],
    ids=["full", "empty", "leased", "waiting", "final"],
)
def test_a_record_comes_back_as_it_went_in(store: Store, changes: dict[str, object]) -> None:
    batch = saved(store, a_batch(RUN, 5, **changes))
    assert batch.rev == 1
    assert drive.run(store.get(ADA, RUN, 5)) == batch


def test_order_survives_because_the_oldest_doubt_comes_first(store: Store) -> None:
    doubts = {bytes([digit]) * 16: None for digit in (9, 1, 5)}
    saved(store, a_batch(RUN, progress=replace(PROGRESS, in_doubt=doubts)))
    found = drive.run(store.get(ADA, RUN, 0))
    assert found is not None
    assert list(found.progress.in_doubt) == list(doubts)


def test_an_unstarted_batch_has_no_record(store: Store) -> None:
    assert drive.run(store.get(ADA, RUN, 0)) is None
    assert drive.run(store.of_run(ADA, RUN)) == []


def test_neither_another_tenant_nor_another_run_sees_it(store: Store) -> None:
    saved(store, a_batch(RUN))
    other = a_run(id="run_other")
    assert drive.run(store.get(CYD, RUN, 0)) is None
    assert drive.run(store.of_run(CYD, RUN)) == []
    assert drive.run(store.get(ADA, other, 0)) is None
    assert drive.run(store.of_run(ADA, other)) == []


@pytest.mark.parametrize("batches", [1, 2, 4, 8, 16, 64])
def test_all_records_of_a_run_are_found(store: Store, batches: int) -> None:
    run = a_run(batches=batches)
    made = [saved(store, a_batch(run, number)) for number in range(batches)]
    assert sorted(drive.run(store.of_run(ADA, run)), key=lambda batch: batch.number) == made


def test_many_are_read_at_once_and_the_unstarted_are_missing(store: Store) -> None:
    run = a_run(batches=16)
    made = [saved(store, a_batch(run, number)) for number in (3, 9, 15)]
    found = drive.run(store.get_many(ADA, run, [0, 3, 4, 9, 15]))
    assert sorted(found, key=lambda batch: batch.number) == made
    assert drive.run(store.get_many(ADA, run, [])) == []
    assert drive.run(store.get_many(CYD, run, [3])) == []


def test_of_two_that_read_the_same_only_one_can_write(store: Store) -> None:
    first = saved(store, a_batch(RUN, owner="one"))
    rival = deepcopy(first)
    first.progress.count("accepted")
    rival.owner = "two"
    assert drive.run(store.save(ADA, first))
    assert not drive.run(store.save(ADA, rival))
    assert (first.rev, rival.rev) == (2, 1)
    assert drive.run(store.get(ADA, RUN, 0)) == first


def test_two_cannot_both_start_a_batch(store: Store) -> None:
    saved(store, a_batch(RUN, owner="one"))
    assert not drive.run(store.save(ADA, a_batch(RUN, owner="two")))


def test_the_very_same_save_again_is_done_already(store: Store) -> None:
    """Nobody else writes as this owner, so equal content is an earlier try of one's own."""
    batch = a_batch(RUN, owner="one")
    again = deepcopy(batch)
    assert drive.run(store.save(ADA, batch))
    assert drive.run(store.save(ADA, again))
    assert (batch.rev, again.rev) == (1, 1)


def test_what_is_changed_after_a_save_is_not_in_the_store(store: Store) -> None:
    batch = saved(store, a_batch(RUN))
    batch.progress.count("accepted")
    found = drive.run(store.get(ADA, RUN, 0))
    assert found is not None
    assert found.progress.counts["accepted"] == 9


@pytest.mark.parametrize("lost", [1, 2, 4])
def test_a_save_whose_answer_was_lost_is_done_however_often(aws: Installation, faults: Faults, lost: int) -> None:
    store = BatchRows()
    batch = saved(store, a_batch(RUN, owner="one"))
    batch.progress.count("accepted")
    faults.silence("dynamodb.PutItem", times=lost)
    assert drive.run(patiently(store.save, ADA, batch))
    assert batch.rev == 2
    assert [row["rev"] for row in aws.rows("sends")] == [2]


def test_a_rival_between_two_tries_is_not_taken_for_oneself(aws: Installation, faults: Faults) -> None:
    store = BatchRows()
    batch = saved(store, a_batch(RUN, owner="one"))
    rival = replace(deepcopy(batch), owner="two")
    assert drive.run(store.save(ADA, rival))
    faults.reject("dynamodb.PutItem", times=4)
    assert not drive.run(patiently(store.save, ADA, batch))
    assert [row["owner"] for row in aws.rows("sends")] == ["two"]


def test_records_lie_in_up_to_eight_partitions_by_their_top_bits(aws: Installation) -> None:
    run = a_run(batches=32)
    for number in range(32):
        saved(BatchRows(), a_batch(run, number))
    places = {(row["pk"], row["sk"]) for row in aws.rows("sends")}
    assert places == {(f"C#{ADA}#{run.id}#{number // 4}", f"B#{number:06d}") for number in range(32)}


def test_a_partition_of_more_than_a_page_is_read_to_its_end(aws: Installation) -> None:
    run = a_run(batches=128)
    waiting = {Wait(1_772_366_405_000, 1, "throttled"): dict.fromkeys(n.to_bytes(16) for n in range(6_000))}
    for number in range(16):
        saved(BatchRows(), a_batch(run, number, progress=Progress(later=waiting)))
    assert sum(len(row["packed"]) for row in aws.rows("sends")) > 2**20
    found = drive.run(BatchRows().of_run(ADA, run))
    assert [batch.number for batch in found] == list(range(16))


def test_the_largest_record_fits_an_item(aws: Installation) -> None:
    """DynamoDB takes 400 kB; a fifth stays free for what a window adds at the last moment."""
    progress = replace(PROGRESS, later={})
    for number in range(MOST_LATER + 1_024):
        wait = Wait(1_772_366_405_000 + 5_000 * (number % 720), 1 + number % 5, "service_busy")
        progress.postpone(number.to_bytes(16), wait)
    batch = saved(BatchRows(), a_batch(RUN, progress=progress))
    assert drive.run(BatchRows().get(ADA, RUN, 0)) == batch
    assert len(aws.rows("sends")[0]["packed"]) < 320_000
