"""The switch as rows of the core table: `STOP` / `*` for everyone, `STOP` / tenant for one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from chalicelib.aws.dynamo import Refused, Table, absent, equals
from chalicelib.aws.values import Row, known
from chalicelib.core.clock import from_milliseconds, in_milliseconds
from chalicelib.features.operations.model import Stop

_PK = "STOP"
_EVERYONE = "*"


class StopRows:
    def __init__(self) -> None:
        self._table = Table("core")

    def put(self, tenant_id: str | None, *, at: datetime) -> None:
        self._table.put({"pk": _PK, "sk": tenant_id or _EVERYONE, "v": 1, "at": in_milliseconds(at)})

    def drop(self, tenant_id: str | None) -> None:
        self._table.delete(_PK, tenant_id or _EVERYONE)

    def put_closing(self, tenant_id: str, *, at: datetime) -> None:
        """The operator's own word stands."""
        with suppress(Refused):
            self._table.put({"pk": _PK, "sk": tenant_id, "v": 1, "at": in_milliseconds(at), "closing": True}, absent())

    def drop_closing(self, tenant_id: str) -> None:
        with suppress(Refused):
            self._table.delete(_PK, tenant_id, equals("closing", True))

    def has_any(self, tenant_id: str) -> bool:
        return bool(self._table.get_many([(_PK, _EVERYONE), (_PK, tenant_id)], consistent=False))

    def standing(self) -> Sequence[Stop]:
        found: list[Stop] = []
        position = None
        while True:
            page = self._table.query(_PK, position=position)
            found += map(_stop, page.rows)
            position = page.position
            if position is None:
                return found


def _stop(row: Row) -> Stop:
    tenant_id = known(row)["sk"]
    return Stop(None if tenant_id == _EVERYONE else tenant_id, from_milliseconds(row["at"]))
