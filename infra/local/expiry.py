"""Deletes rows whose time to live has passed, as DynamoDB does and moto does not. The entry point calls it at times.

By the local clock, so that retention can be watched by advancing it. AWS takes up to two days; nothing may rely on it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from infra.local import aws
from infra.local.moto_patch import LOCK


def expire(prefix: str, *, now: datetime) -> int:
    """Returns how many rows went. A stream tells of them as of any deletion."""
    with LOCK:
        tables = dynamodb_backends[aws.ACCOUNT][aws.REGION].tables
        return sum(_expire(table, now.timestamp()) for name, table in tables.items() if name.startswith(f"{prefix}-"))


def _expire(table: Any, now_seconds: float) -> int:
    if table.ttl["TimeToLiveStatus"] != "ENABLED":
        return 0
    attribute = table.ttl["AttributeName"]
    rows = [item for partition in table.items.values() for item in partition.values()]
    past = [item for item in rows if _is_past(item.attrs.get(attribute), now_seconds)]
    for item in past:
        table.delete_item(item.hash_key, item.range_key)
    return len(past)


def _is_past(ttl: Any, now_seconds: float) -> bool:
    """What is no number never expires."""
    return ttl is not None and ttl.type == "N" and float(ttl.value) < now_seconds
