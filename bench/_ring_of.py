"""The subs table of a site with any number of subscribers, made up row by row as it is asked for, at botocore's edge.

Each owns an equal stretch of the ring and stands somewhere in it, so a row is told by its number alone.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from urllib3 import HTTPResponse

_RING = 1 << 128
_SHARD = _RING >> 4
_PACKED = b64encode(b"\x00" * 300).decode()
_MOST_ON_A_PAGE = 1_800  # of rows like these: DynamoDB ends a page at 1 MB


class RingOf:
    """Stands in for Query on the subs table and counts what it hands out; every other request goes its way."""

    def __init__(self, subscribers: int) -> None:
        self.subscribers = subscribers
        self.rows_read = 0

    def answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        asked = json.loads(request.body)
        if not asked["TableName"].endswith("-subs"):
            return None
        pk, low, high = _wanted(asked)
        limit = min(asked["Limit"], _MOST_ON_A_PAGE)
        items: list[dict[str, Any]] = []
        for key in self._keys(low, high):
            if len(items) == limit:
                break
            items.append(_row(key))
        self.rows_read += len(items)
        told: dict[str, Any] = {"Items": items, "Count": len(items), "ScannedCount": len(items)}
        if len(items) == limit:
            told["LastEvaluatedKey"] = {"pk": {"S": pk}, "sk": items[-1]["sk"]}
        return _answer(request.url, told)

    def _keys(self, low: int, high: int) -> Iterator[int]:
        """From `low` to `high`, both included, upwards."""
        for number in range(low * self.subscribers // _RING, self.subscribers):
            key = self._place(number)
            if key > high:
                return
            if key >= low:
                yield key

    def _place(self, number: int) -> int:
        chance = int.from_bytes(hashlib.blake2b(str(number).encode(), digest_size=8).digest())
        return (number * _RING + (chance * _RING >> 64)) // self.subscribers


def _answer(url: str, told: dict[str, Any]) -> AWSResponse:
    raw = HTTPResponse(body=BytesIO(json.dumps(told).encode()), preload_content=False)
    return AWSResponse(url, 200, {"content-type": "application/x-amz-json-1.0"}, raw)


def _wanted(asked: dict[str, Any]) -> tuple[str, int, int]:
    """The partition, and which of its keys are asked for, by `pk = a AND sk BETWEEN b AND c` and its likes."""
    values = [value["S"] for value in asked["ExpressionAttributeValues"].values()]
    pk, bounds, words = values[0], values[1:], asked["KeyConditionExpression"]
    first = int(pk.rpartition("#")[2], 16) * _SHARD
    low, high = first, first + _SHARD - 1
    if "BETWEEN" in words:
        low, high = max(low, _above(bounds[0])), min(high, int(bounds[1], 16))
    elif "<=" in words:
        high = min(high, int(bounds[0], 16))
    elif ">" in words:
        low = max(low, _above(bounds[0]))
    if "ExclusiveStartKey" in asked:
        low = max(low, _above(asked["ExclusiveStartKey"]["sk"]["S"]))
    return pk, low, high


def _above(sk: str) -> int:
    return int(sk.rstrip("\0"), 16) + 1


def _row(key: int) -> dict[str, Any]:
    return {
        "v": {"N": "1"},
        "sk": {"S": f"{key:032x}"},
        "status": {"S": "active"},
        "active_since": {"N": "1"},
        "key_id": {"S": "key_bench"},
        "packed": {"B": _PACKED},
    }
