"""Rows in and out of DynamoDB: values, keys, pages and many at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import IntEnum, StrEnum
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.aws.dynamo import Delete, Put, Span, Table, look_up, transact
from chalicelib.aws.values import from_wire, to_wire
from chalicelib.core.errors import Unavailable
from tests.adapters.aws.faults import Faults
from tests.fakes.installation import Installation

CORE = Table("core")
SUBS = Table("subs")

numbers = st.integers(-(2**63), 2**63) | st.floats(-1e15, 1e15).filter(
    lambda number: abs(number) > 1e-100 or not number
)
scalars = st.none() | st.booleans() | numbers | st.text(st.characters(codec="utf-8")) | st.binary()
names = st.from_regex(r"[a-z]{1,5}", fullmatch=True)
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(names, inner), max_leaves=10)


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    BIG = 3


def put_rows(pk: str, *sort_keys: str) -> None:
    for sk in sort_keys:
        CORE.put({"pk": pk, "sk": sk})


def sort_keys(pk: str, span: Span | None = None, **words: Any) -> list[str]:
    return [row["sk"] for row in CORE.query(pk, span, **words).rows]


@given(values)
def test_plain_values_come_back(value: Any) -> None:
    assert from_wire({"field": to_wire(value)}) == {"field": value}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["a", "name", "status", "v", "size"]), values))
def test_a_row_comes_back_as_it_was_put(aws: Installation, fields: dict[str, Any]) -> None:
    CORE.put({"pk": "P", "sk": "1"} | fields)
    assert CORE.get("P", "1") == {"pk": "P", "sk": "1"} | {name: it for name, it in fields.items() if it is not None}


def test_enums_and_tuples_are_stored_as_what_they_mean(aws: Installation) -> None:
    CORE.put({"pk": "P", "sk": "-", "colour": Colour.RED, "size": Size.BIG, "pair": (1, "b")})
    assert CORE.get("P") == {"pk": "P", "sk": "-", "colour": "red", "size": 3, "pair": [1, "b"]}


@pytest.mark.parametrize("value", [object(), {1, 2}, math.inf, math.nan, [object()], {"a": {"b": {3}}}])
def test_what_dynamodb_cannot_hold_is_refused_before_the_call(value: Any) -> None:
    with pytest.raises(TypeError, match="no place"):
        to_wire(value)


def test_what_is_not_there_is_none(aws: Installation) -> None:
    assert CORE.get("nobody") is None
    assert CORE.get("nobody", "x", consistent=False) is None


def test_an_update_sets_and_removes_fields(aws: Installation) -> None:
    CORE.put({"pk": "P", "sk": "-", "name": "old", "gone": 1, "kept": 2})
    CORE.update("P", "-", {"name": "new", "gone": None, "more": b"\x00"})
    assert CORE.get("P") == {"pk": "P", "sk": "-", "name": "new", "kept": 2, "more": b"\x00"}


def test_an_update_makes_a_row_where_there_is_none(aws: Installation) -> None:
    CORE.update("P", "-", {"name": "new"})
    assert CORE.get("P") == {"pk": "P", "sk": "-", "name": "new"}


def test_a_delete_may_be_repeated(aws: Installation) -> None:
    put_rows("P", "-")
    CORE.delete("P", "-")
    CORE.delete("P", "-")
    assert CORE.get("P") is None


def test_tables_do_not_mix(aws: Installation) -> None:
    put_rows("P", "-")
    assert SUBS.get("P") is None
    assert Put(SUBS, {"pk": "P", "sk": "-"}).request()["TableName"].endswith("-subs")


# --- pages ---


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (None, ["A#1", "A#2", "A#3", "B#1", "C"]),
        (Span(), ["A#1", "A#2", "A#3", "B#1", "C"]),
        (Span(prefix="A#"), ["A#1", "A#2", "A#3"]),
        (Span(after="A#2"), ["A#3", "B#1", "C"]),
        (Span(to="A#2"), ["A#1", "A#2"]),
        (Span(after="A#1", to="B#1"), ["A#2", "A#3", "B#1"]),
        (Span(after="A#", to="A#1"), ["A#1"]),
        (Span(after="C"), []),
    ],
)
def test_a_span_is_a_stretch_of_sort_keys(aws: Installation, span: Span | None, expected: list[str]) -> None:
    put_rows("P", "C", "A#2", "B#1", "A#1", "A#3")
    put_rows("Q", "A#1")
    assert sort_keys("P", span) == expected
    assert sort_keys("P", span, newest_first=True) == expected[::-1]


def test_pages_follow_one_another_while_rows_come_and_go(aws: Installation) -> None:
    put_rows("P", *(f"{number:02}" for number in range(10)))
    first = CORE.query("P", limit=4)
    assert ([row["sk"] for row in first.rows], first.position) == (["00", "01", "02", "03"], "03")
    CORE.delete("P", "03")
    put_rows("P", "035")
    second = CORE.query("P", limit=4, position=first.position)
    assert [row["sk"] for row in second.rows] == ["035", "04", "05", "06"]
    last = CORE.query("P", limit=100, position=second.position, consistent=False)
    assert ([row["sk"] for row in last.rows], last.position) == (["07", "08", "09"], None)


def test_only_the_fields_asked_for_travel(aws: Installation) -> None:
    CORE.put({"pk": "P", "sk": "1", "status": "active", "packed": b"x", "name": "long"})
    items, position = CORE.query_wire("P", fields=["status", "packed"])
    assert (items, position) == ([{"status": {"S": "active"}, "packed": {"B": b"x"}}], None)


def test_an_index_finds_keys_and_nobody_elses(aws: Installation) -> None:
    for number in range(3):
        SUBS.put({"pk": f"S#{number}", "sk": "k", "person": "ten#site#ada"})
    SUBS.put({"pk": "S#9", "sk": "k", "person": "ten#site#ben"})
    SUBS.put({"pk": "S#8", "sk": "k"})
    assert sorted(SUBS.find("by_person", "person", "ten#site#ada", most=10)) == [
        ("S#0", "k"),
        ("S#1", "k"),
        ("S#2", "k"),
    ]
    assert len(SUBS.find("by_person", "person", "ten#site#ada", most=2)) == 2


# --- many at once ---


def test_many_are_read_and_absent_ones_are_missing(aws: Installation) -> None:
    put_rows("P", *(f"{number:03}" for number in range(0, 250, 2)))
    keys = [("P", f"{number:03}") for number in range(250)]
    assert sorted(row["sk"] for row in CORE.get_many(keys)) == [f"{number:03}" for number in range(0, 250, 2)]
    assert CORE.get_many([]) == []
    assert CORE.get_many([("P", "001")], consistent=False) == []


def test_a_key_asked_for_twice_is_read_once(aws: Installation) -> None:
    put_rows("P", "1")
    assert CORE.get_many([("P", "1"), ("P", "1")]) == [{"pk": "P", "sk": "1"}]


@pytest.mark.parametrize("throttled", [0, 2])
def test_rows_of_two_tables_are_one_look_up(faults: Faults, throttled: int) -> None:
    put_rows("P", "1", "2")
    SUBS.put({"pk": "P", "sk": "1", "of": "subs"})
    faults.throttle_batch_gets(times=throttled)
    wanted = [(CORE, ("P", "1")), (SUBS, ("P", "1")), (CORE, ("P", "2")), (SUBS, ("P", "2"))]
    found = sorted((table.short_name, row["sk"], row.get("of")) for table, row in look_up(wanted))
    assert found == [("core", "1", None), ("core", "2", None), ("subs", "1", "subs")]
    assert faults.calls.count("dynamodb.BatchGetItem") == 1 + throttled


def test_throttled_keys_are_asked_for_again(faults: Faults) -> None:
    put_rows("P", *(f"{number:03}" for number in range(120)))
    faults.throttle_batch_gets(times=3)
    rows = CORE.get_many([("P", f"{number:03}") for number in range(120)])
    assert sorted(row["sk"] for row in rows) == [f"{number:03}" for number in range(120)]


def test_keys_that_stay_throttled_are_a_fault_of_ours(faults: Faults) -> None:
    faults.throttle_batch_gets(times=1_000)
    with pytest.raises(Unavailable):
        CORE.get_many([("P", "1")])
    assert faults.calls.count("dynamodb.BatchGetItem") == 8


# --- faults ---


@pytest.mark.parametrize("name", ["GetItem", "Query", "BatchGetItem", "PutItem", "TransactWriteItems"])
def test_a_table_that_does_not_answer_is_a_fault_of_ours(faults: Faults, name: str) -> None:
    calls: dict[str, Callable[[], object]] = {
        "GetItem": lambda: CORE.get("P"),
        "Query": lambda: CORE.query("P"),
        "BatchGetItem": lambda: CORE.get_many([("P", "-")]),
        "PutItem": lambda: CORE.put({"pk": "P", "sk": "-"}),
        "TransactWriteItems": lambda: transact(Put(CORE, {"pk": "P", "sk": "-"})),
    }
    for plant in (faults.reject, faults.silence):
        plant(f"dynamodb.{name}", times=10)
        with pytest.raises(Unavailable):
            calls[name]()
        faults.clear()


def test_a_table_that_is_not_there_is_a_fault_of_ours(aws: Installation) -> None:
    with pytest.raises(Unavailable):
        Table("nowhere").get("P")


def test_an_expression_of_ours_that_dynamodb_does_not_understand_is_a_bug(aws: Installation) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        CORE.put({"pk": "", "sk": "-"})
    with pytest.raises(ClientError, match="ValidationException"):
        transact(Put(CORE, {"pk": "P", "sk": "-"}), Delete(CORE, "P", "-"))
