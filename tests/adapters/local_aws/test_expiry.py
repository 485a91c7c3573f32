from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from infra.local import aws
from infra.local.expiry import expire

NOON = datetime(2030, 6, 1, 12, tzinfo=UTC)


def put(table: str, sk: str, ttl: dict[str, str] | None) -> None:
    item: dict[str, Any] = {"pk": {"S": "p"}, "sk": {"S": sk}} | ({"ttl": ttl} if ttl else {})
    aws.client("dynamodb").put_item(TableName=table, Item=item)


def left(table: str) -> set[str]:
    return {item["sk"]["S"] for item in aws.client("dynamodb").scan(TableName=table)["Items"]}


def test_rows_go_when_their_time_has_passed(resources: str) -> None:
    seconds = int(NOON.timestamp())
    for sk, ttl in [("past", seconds - 1), ("now", seconds), ("future", seconds + 60)]:
        put("test-core", sk, {"N": str(ttl)})
    put("test-idem", "past", {"N": "1"})
    put("test-core", "forever", None)
    put("test-core", "text", {"S": "1"})
    assert expire(resources, now=NOON) == 2
    assert left("test-core") == {"now", "future", "forever", "text"}
    assert left("test-idem") == set()
    assert expire(resources, now=NOON) == 0
    assert expire(resources, now=NOON + timedelta(minutes=2)) == 2
    assert left("test-core") == {"forever", "text"}


def test_other_installations_keep_theirs(resources: str) -> None:
    put("test-core", "past", {"N": "1"})
    assert expire("tes", now=NOON) == expire("test-core", now=NOON) == 0
