"""Rows by the hundred: found by a scan where no key leads to them, and removed without asking what they were. Only the
privacy worker does either.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.projection import create_projection_expression

from chalicelib.aws.dynamo import Table, call
from chalicelib.aws.values import Row, from_wire
from chalicelib.core.errors import Unavailable

Key = tuple[str, str]

_AT_ONCE = 25  # what BatchWriteItem takes
_ROUNDS = 8


def scan(table: Table, wanted: Condition, *, after: Key | None) -> tuple[list[Key], Key | None]:
    """Keys of the rows of one page that `wanted` holds for, and where the next page begins. A page is a megabyte of
    rows, wanted or not, as they stand.
    """
    found, last = look_through(table, wanted, fields=("pk", "sk"), after=after)
    return [(row["pk"], row["sk"]) for row in found], last


def look_through(
    table: Table, wanted: Condition, *, fields: Sequence[str], after: Key | None
) -> tuple[list[Row], Key | None]:
    """The same, with more of each row than its key."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    request: dict[str, Any] = {
        "TableName": table.name,
        "FilterExpression": wanted.serialize(names, values),
        "ProjectionExpression": create_projection_expression([*fields], names),
        "ConsistentRead": True,
    }
    request["ExpressionAttributeNames"] = {placeholder: name for name, placeholder in names.items()}
    if values:
        request["ExpressionAttributeValues"] = values
    if after is not None:
        request["ExclusiveStartKey"] = _wire(after)
    answer = call("scan", request)
    last = answer.get("LastEvaluatedKey")
    return [from_wire(item) for item in answer["Items"]], _plain(last) if last else None


def remove(table: Table, keys: Iterable[Key]) -> int:
    """Whether they are there or not. Returns how many were named; raises Unavailable when some may be left."""
    left: list[dict[str, Any]] = [{"DeleteRequest": {"Key": _wire(key)}} for key in dict.fromkeys(keys)]
    named, throttled = len(left), 0
    while left:
        ask, left = left[:_AT_ONCE], left[_AT_ONCE:]
        refused: Sequence[dict[str, Any]] = (
            call("batch_write_item", {"RequestItems": {table.name: ask}})
            .get("UnprocessedItems", {})
            .get(table.name, [])
        )
        if refused:
            throttled += 1
            if throttled == _ROUNDS:
                raise Unavailable
            time.sleep(min(0.4, 0.025 * 2**throttled))
        left += refused
    return named


def _wire(key: Key) -> dict[str, dict[str, str]]:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def _plain(item: dict[str, Any]) -> Key:
    return item["pk"]["S"], item["sk"]["S"]
