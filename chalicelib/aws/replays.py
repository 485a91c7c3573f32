"""Idempotency-Key: one row per tenant, route and key. The condition compares the expiry, because TTL deletes late."""

from __future__ import annotations

from datetime import datetime, timedelta

from pynamodb.expressions.operand import Path

from chalicelib.aws.dynamo import Refused, Table, absent
from chalicelib.aws.values import known
from chalicelib.core import chance
from chalicelib.core.clock import in_seconds
from chalicelib.core.encoding import b64url
from chalicelib.core.idempotency import InProgress, KeyReused

_KEPT_FOR = timedelta(hours=24)
_RUNNING_FOR = timedelta(seconds=60)  # longer than any API call may take: after it the caller may try again


class StoredReplays:
    def __init__(self) -> None:
        self._table = Table("idem")

    def begin(self, *, place: str, fingerprint: str, now: datetime) -> tuple[int, str] | None:
        row = {
            "pk": f"REPLAY#{place}",
            "sk": "-",
            "v": 1,
            "fingerprint": fingerprint,
            "started": now.isoformat(),
            "writer": b64url(chance.token(9)),  # a repeat after a lost answer knows its own row from a rival's
            "ttl": in_seconds(now + _RUNNING_FOR),
        }
        try:
            self._table.put(row, absent() | (Path("ttl") <= in_seconds(now)))
        except Refused as refused:
            before = known(refused.row) if refused.row else {}
            if before.get("fingerprint") != fingerprint:
                raise KeyReused from None
            if "status" not in before:
                raise InProgress from None
            return int(before["status"]), str(before["body"])
        return None

    def finish(
        self, *, place: str, fingerprint: str, status: int, body: str, now: datetime, tenant_id: str = ""
    ) -> None:
        """The answer is the tenant's: an erasure has to find what it says of people."""
        row = {
            "pk": f"REPLAY#{place}",
            "sk": "-",
            "v": 1,
            "fingerprint": fingerprint,
            "status": status,
            "body": body,
            "tenant_id": tenant_id or None,
            "ttl": in_seconds(now + _KEPT_FOR),
        }
        self._table.put(row)

    def abandon(self, *, place: str) -> None:
        try:
            self._table.delete(f"REPLAY#{place}", "-", Path("status").does_not_exist())
        except Refused:
            return
