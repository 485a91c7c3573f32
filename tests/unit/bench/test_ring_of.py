from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest

from bench._ring_of import RingOf


def asked(ring: RingOf, **request: Any) -> dict[str, Any] | None:
    body = json.dumps({"TableName": "bench-subs", "Limit": 1_000} | request)
    answer = ring.answer(AWSPreparedRequest("POST", "http://127.0.0.1", {}, body, False))
    return None if answer is None else json.loads(answer.content)


def of_shard(shard: int, *bounds: str, words: str = "pk = :a", **request: Any) -> dict[str, Any]:
    values = {":a": {"S": f"S#ten_1#site_1#{shard:x}"}} | {f":{n}": {"S": bound} for n, bound in enumerate(bounds)}
    return {"ExpressionAttributeValues": values, "KeyConditionExpression": words, **request}


def keys_of(told: dict[str, Any] | None) -> list[str]:
    assert told is not None
    return [item["sk"]["S"] for item in told["Items"]]


def test_every_subscriber_stands_in_one_shard_in_key_order() -> None:
    ring = RingOf(1_000)
    keys = [key for shard in range(16) for key in keys_of(asked(ring, **of_shard(shard)))]
    assert len(set(keys)) == 1_000
    assert keys == sorted(keys)
    assert ring.rows_read == 1_000


def test_pages_follow_each_other_without_a_gap() -> None:
    ring = RingOf(1_000)
    found: list[str] = []
    start: dict[str, Any] = {}
    while True:
        told = asked(ring, **of_shard(5, Limit=7, **start))
        found += keys_of(told)
        if told is None or "LastEvaluatedKey" not in told:
            break
        start = {"ExclusiveStartKey": told["LastEvaluatedKey"]}
    assert found == keys_of(asked(ring, **of_shard(5)))


def test_bounds_are_what_the_words_say() -> None:
    ring = RingOf(1_000)
    every = keys_of(asked(ring, **of_shard(3)))
    assert keys_of(asked(ring, **of_shard(3, every[4], words="pk = :a AND sk > :0"))) == every[5:]
    assert keys_of(asked(ring, **of_shard(3, every[4], words="pk = :a AND sk <= :0"))) == every[:5]
    between = of_shard(3, every[1] + "\0", every[9], words="pk = :a AND sk BETWEEN :0 AND :1")
    assert keys_of(asked(ring, **between)) == every[2:10]


@pytest.mark.parametrize("table", ["bench-sends", "bench-core"])
def test_other_tables_are_asked_themselves(table: str) -> None:
    assert asked(RingOf(10), TableName=table, **of_shard(0)) is None
