"""Which letters went out lately, as rows of the idem table: `NOTICE#<tenant>#<site>` / `<news>#<push service>`."""

from __future__ import annotations

from datetime import datetime, timedelta

from pynamodb.expressions.operand import Path

from chalicelib.aws.dynamo import Refused, Table, absent
from chalicelib.aws.values import Row
from chalicelib.core import chance
from chalicelib.core.clock import in_seconds
from chalicelib.core.encoding import b64url
from chalicelib.features.sending.model.news import TOLD_FOR, Notice

_WRITING_FOR = timedelta(minutes=5)  # if its writer dies, it is written by whoever comes after that


class NoticeRows:
    def __init__(self) -> None:
        self._table = Table("idem")

    def begin(self, tenant_id: str, notice: Notice, *, now: datetime) -> bool:
        row = _row(tenant_id, notice, until=now + _WRITING_FOR)
        row["writer"] = b64url(chance.token(9))  # a repeat after a lost answer knows its own row from a rival's
        try:
            self._table.put(row, absent() | (Path("ttl") <= in_seconds(now)))  # DynamoDB deletes late
        except Refused:
            return False
        return True

    def done(self, tenant_id: str, notice: Notice, *, now: datetime) -> None:
        self._table.put(_row(tenant_id, notice, until=now + TOLD_FOR))


def _row(tenant_id: str, notice: Notice, *, until: datetime) -> Row:
    return {
        "pk": f"NOTICE#{tenant_id}#{notice.site_id}",
        "sk": f"{notice.news.value}#{notice.service}",
        "v": 1,
        "ttl": in_seconds(until),
    }
