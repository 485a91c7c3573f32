"""DynamoDB's spelling of plain values and back. Numbers are ints wherever they can be; None is simply not stored."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from chalicelib.core.errors import FromTheFuture

Row = dict[str, Any]
WireRow = Mapping[str, Mapping[str, Any]]


def to_wire(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int():
            return {"N": str(int(value))}
        case float() if isfinite(value):
            return {"N": repr(value)}
        case bytes():
            return {"B": value}
        case None:
            return {"NULL": True}
        case Mapping():
            return {"M": {name: to_wire(inner) for name, inner in value.items()}}
        case list() | tuple():
            return {"L": [to_wire(inner) for inner in value]}
    raise TypeError(f"DynamoDB has no place for this {type(value).__name__}")


def known(row: Row, *, newest: int = 1) -> Row:
    """The row, for a store to read: version v or v-1. One that newer code has written is left for newer code."""
    if row["v"] > newest:
        raise FromTheFuture
    return row


def from_wire(item: WireRow) -> Row:
    return {name: _plain(value) for name, value in item.items()}


def _plain(value: Mapping[str, Any]) -> Any:
    ((kind, raw),) = value.items()
    match kind:
        case "N":
            return int(raw) if raw.lstrip("-").isdigit() else float(raw)
        case "NULL":
            return None
        case "M":
            return from_wire(raw)
        case "L":
            return [_plain(inner) for inner in raw]
        case "B":
            return bytes(raw)
    return raw
