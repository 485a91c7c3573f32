"""Rows as nothing but keys: which there are in a partition, and away with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.aws import bulk
from chalicelib.aws.dynamo import Span, Table
from chalicelib.aws.values import Row

A_PORTION = 500


def first(table: Table, pk: str, prefix: str = "") -> list[bulk.Key]:
    """The first few hundred."""
    items, _ = table.query_wire(pk, Span(prefix=prefix) if prefix else None, limit=A_PORTION, fields=("pk", "sk"))
    return [(item["pk"]["S"], item["sk"]["S"]) for item in items]


def remove_all(table: Table, pk: str, prefix: str = "") -> int:
    """For partitions that are never large."""
    removed = 0
    while keys := first(table, pk, prefix):
        removed += bulk.remove(table, keys)
    return removed


def rows(table: Table, pk: str, prefix: str = "") -> Iterator[Row]:
    """All of them, page by page."""
    position = None
    while True:
        page = table.query(pk, Span(prefix=prefix) if prefix else None, position=position)
        yield from page.rows
        position = page.position
        if position is None:
            return


def key_of(row: Mapping[str, Any]) -> bulk.Key:
    return str(row["pk"]), str(row["sk"])
