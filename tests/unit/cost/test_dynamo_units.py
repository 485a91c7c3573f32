"""DynamoDB's own rules, on items whose size can be counted by hand."""

from __future__ import annotations

from typing import Any

import pytest

from infra.cost.dynamo_units import item_bytes, read_units, write_units


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": ""}, 0),
        ({"S": "abc"}, 3),
        ({"S": "Grüße"}, 7),  # bytes, not characters
        ({"B": b"\x00" * 65}, 65),
        ({"BOOL": False}, 1),
        ({"NULL": True}, 1),
        ({"N": "0"}, 1),
        ({"N": "7"}, 2),
        ({"N": "27"}, 2),
        ({"N": "127"}, 3),
        ({"N": "-27"}, 3),
        ({"N": "1700000000000"}, 2),  # zeros at the ends weigh nothing
        ({"N": "0.00027"}, 2),
        ({"SS": ["ab", "c"]}, 3),
        ({"NS": ["27", "127"]}, 5),
        ({"L": []}, 3),
        ({"L": [{"S": "ab"}, {"N": "27"}]}, 3 + (1 + 2) + (1 + 2)),
        ({"M": {"ab": {"S": "c"}}}, 3 + 1 + 2 + 1),
    ],
)
def test_a_value_weighs(value: dict[str, Any], size: int) -> None:
    assert item_bytes({"": value}) == size


def test_names_weigh_as_much_as_values() -> None:
    assert item_bytes({"pk": {"S": "T#1"}, "größe": {"N": "1"}}) == (2 + 3) + (7 + 2)


@pytest.mark.parametrize(("size", "units"), [(0, 1), (1, 1), (4_096, 1), (4_097, 2), (300_000, 74)])
def test_a_consistent_read_takes_a_unit_for_each_4_kb_and_one_for_nothing(size: int, units: int) -> None:
    assert read_units(size, consistent=True) == units
    assert read_units(size, consistent=False) == units / 2


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [(0, 1, 1), (0, 1_024, 1), (0, 1_025, 2), (3_000, 10, 3), (10, 3_000, 3), (0, 0, 1), (500, 0, 1)],
)
def test_a_write_takes_a_unit_for_each_kb_of_the_larger_of_what_was_and_what_is(
    before: int, after: int, units: int
) -> None:
    assert write_units(before, after) == units
    assert write_units(before, after, in_transaction=True) == 2 * units
