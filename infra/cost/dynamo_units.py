"""What DynamoDB charges for items as they look on the wire, by the rules it publishes. Pure.

Rules: «DynamoDB item sizes and formats» and «DynamoDB read and write operations» in its developer guide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import ceil
from typing import Any

READ_BYTES = 4_096
WRITE_BYTES = 1_024
_NESTED_BYTES = 3  # a list or a map, whatever it holds
_ELEMENT_BYTES = 1  # each thing in it
_TRANSACTION = 2

Item = Mapping[str, Mapping[str, Any]]


def item_bytes(item: Item) -> int:
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def read_units(size: int, *, consistent: bool) -> float:
    """For one item, or for all that a query went through: a query's sizes are added up before they are rounded."""
    units = max(1, ceil(size / READ_BYTES))
    return units if consistent else units / 2


def write_units(before: int, after: int, *, in_transaction: bool = False) -> int:
    """The larger of the two counts, also for a write that its condition refused."""
    units = max(1, ceil(max(before, after) / WRITE_BYTES))
    return units * _TRANSACTION if in_transaction else units


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return _number_bytes(content)
        case "B":
            return len(content)
        case "BOOL" | "NULL":
            return 1
        case "L":
            return _NESTED_BYTES + sum(_ELEMENT_BYTES + _value_bytes(each) for each in content)
        case "M":
            return _NESTED_BYTES + sum(_ELEMENT_BYTES + item_bytes({name: each}) for name, each in content.items())
    return _set_bytes(kind, content)


def _set_bytes(kind: str, content: Iterable[Any]) -> int:
    return sum(_value_bytes({kind.removesuffix("S"): each}) for each in content)


def _number_bytes(written: str) -> int:
    """One byte for two significant digits, one for the rest, one more for the sign of a negative number."""
    number = Decimal(written)
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    return ceil(len(digits) / 2) + 1 + number.is_signed()
