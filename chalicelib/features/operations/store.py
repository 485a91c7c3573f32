"""The switch as rows of the core table: `STOP` / `*` for everyone, `STOP` / tenant for one."""

from __future__ import annotations

from datetime import datetime

from chalicelib.aws.dynamo import Table
from chalicelib.core.clock import in_milliseconds

_PK = "STOP"
_EVERYONE = "*"


class StopRows:
    def __init__(self) -> None:
        self._table = Table("core")

    def put(self, tenant_id: str | None, *, at: datetime) -> None:
        self._table.put({"pk": _PK, "sk": tenant_id or _EVERYONE, "v": 1, "at": in_milliseconds(at)})

    def drop(self, tenant_id: str | None) -> None:
        self._table.delete(_PK, tenant_id or _EVERYONE)

    def has_any(self, tenant_id: str) -> bool:
        return bool(self._table.get_many([(_PK, _EVERYONE), (_PK, tenant_id)], consistent=False))
