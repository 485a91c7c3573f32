"""What every calendar's store must do: the real one over DynamoDB, and the chaos suite's in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.aws.dynamo import Table
from chalicelib.aws.dynamo_connection import connection
from chalicelib.core.clock import minute_of
from chalicelib.core.errors import Unavailable
from chalicelib.features.due.model import SHARDS, Entry, Kind
from chalicelib.features.due.service import Entries
from chalicelib.features.due.store import DueEntries
from tests.adapters.aws.faults import Faults
from tests.chaos.stores import Entries as MemoryEntries
from tests.unit.due.calendar import NOON

if TYPE_CHECKING:
    from tests.fakes.installation import Installation

MINUTE = minute_of(NOON)


@pytest.fixture(params=["memory", "rows"])
def store(request: pytest.FixtureRequest) -> Entries:
    if request.param == "memory":
        return MemoryEntries()
    request.getfixturevalue("aws")
    return DueEntries()


def an_entry(owner: str = "run_a", *, after: timedelta = timedelta(milliseconds=123)) -> Entry:
    return Entry.at_its_minute(Kind.RUN, "ten_ada", owner, NOON + after)


def of_minute(store: Entries, minute: int = MINUTE) -> set[Entry]:
    return {entry for shard in range(SHARDS) for entry in store.of_minute(minute, shard, for_good=True)}


def test_entries_come_back_from_their_minute_and_shard(store: Entries) -> None:
    made = {an_entry(f"run_{number}") for number in range(30)}
    for entry in made:
        store.put(entry)
    assert of_minute(store) == made
    for shard in range(SHARDS):
        assert {entry.shard for entry in store.of_minute(MINUTE, shard, for_good=False)} <= {shard}
    assert of_minute(store, MINUTE + 1) == set()


def test_two_instants_of_one_owner_are_two_entries(store: Entries) -> None:
    """Who moves an owner within a minute must not overwrite what another put there for it."""
    first, second = an_entry(), an_entry(after=timedelta(seconds=1))
    store.put(first)
    store.put(second)
    store.put(second)
    store.drop(first)
    assert of_minute(store) == {second}


def test_an_entry_may_stand_in_another_minute_than_its_instants(store: Entries) -> None:
    moved = replace(an_entry(), minute=MINUTE + 7)
    store.put(moved)
    assert (of_minute(store), of_minute(store, MINUTE + 7)) == (set(), {moved})
    store.drop(moved)
    store.drop(moved)
    assert of_minute(store, MINUTE + 7) == set()


def test_a_kind_nobody_knows_comes_back_as_it_is(store: Entries) -> None:
    unknown = replace(an_entry(), kind="webhook")
    store.put(unknown)
    assert of_minute(store) == {unknown}


def test_the_watermark_only_rises(store: Entries) -> None:
    assert store.watermark() is None
    for minute, stands in ((MINUTE, MINUTE), (MINUTE + 2, MINUTE + 2), (MINUTE + 1, MINUTE + 2)):
        store.raise_watermark(minute)
        assert store.watermark() == stands


def test_a_crowded_minute_is_read_page_by_page(aws: Installation) -> None:
    entry = an_entry()
    table = Table("due")
    for number in range(4):  # of 300 kB each, so that DynamoDB ends a page before the last
        table.put(
            {
                "pk": f"D#{MINUTE}#{entry.shard}",
                "sk": f"run#ten_ada#run_{number}#{1_772_366_400_000 + number}",
                "v": 1,
                "ballast": "x" * 300_000,
            }
        )
    assert len(aws.rows("due")) == 4
    assert [found.id for found in DueEntries().of_minute(MINUTE, entry.shard, for_good=True)] == [
        f"run_{n}" for n in range(4)
    ]


def test_a_row_at_rest_has_its_final_shape(aws: Installation) -> None:
    entry = an_entry()
    DueEntries().put(entry)
    DueEntries().raise_watermark(MINUTE)
    assert sorted(aws.rows("due"), key=lambda row: str(row["pk"])) == [
        {"pk": f"D#{MINUTE}#{entry.shard}", "sk": "run#ten_ada#run_a#1772366400123", "v": 1},
        {"pk": "D#WATERMARK", "sk": "-", "v": 1, "minute": MINUTE},
    ]


@pytest.mark.parametrize(
    ("operation", "ask"),
    [
        ("PutItem", lambda store: store.put(an_entry())),
        ("DeleteItem", lambda store: store.drop(an_entry())),
        ("Query", lambda store: list(store.of_minute(MINUTE, 0, for_good=True))),
        ("GetItem", lambda store: store.watermark()),
    ],
)
def test_a_table_that_does_not_answer_is_unavailable(
    faults: Faults, operation: str, ask: Callable[[DueEntries], object]
) -> None:
    faults.reject(f"dynamodb.{operation}", times=9)
    with pytest.raises(Unavailable):
        ask(DueEntries())


@pytest.mark.parametrize("for_good", [True, False])
def test_only_a_look_for_good_pays_for_a_consistent_read(aws: Installation, for_good: bool) -> None:
    asked: list[bool] = []

    def hear(params: dict[str, Any], **_: object) -> None:
        asked.append(json.loads(params["body"])["ConsistentRead"])

    events = connection().client.meta.events
    events.register_first("before-call.dynamodb.Query", hear)
    try:
        list(DueEntries().of_minute(MINUTE, 0, for_good=for_good))
    finally:
        events.unregister("before-call.dynamodb.Query", hear)
    assert asked == [for_good]
