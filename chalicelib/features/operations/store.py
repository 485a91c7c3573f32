"""The switch as rows of the core table: `STOP` / `*` for everyone, `STOP` / `<tenant>` for one, and beside that
`STOP` / `<tenant>#closing`: what an operator says of an account, and what its owner, do not overwrite each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chalicelib.aws.dynamo import Table
from chalicelib.aws.values import Row, known
from chalicelib.core.clock import from_milliseconds, in_milliseconds
from chalicelib.features.operations.model import Stop

_PK = "STOP"
_EVERYONE = "*"
_CLOSING = "#closing"


class StopRows:
    def __init__(self) -> None:
        self._table = Table("core")

    def put(self, tenant_id: str | None, *, at: datetime) -> None:
        self._table.put({"pk": _PK, "sk": tenant_id or _EVERYONE, "v": 1, "at": in_milliseconds(at)})

    def drop(self, tenant_id: str | None) -> None:
        self._table.delete(_PK, tenant_id or _EVERYONE)

    def put_closing(self, tenant_id: str, *, at: datetime) -> None:
        self._table.put({"pk": _PK, "sk": tenant_id + _CLOSING, "v": 1, "at": in_milliseconds(at)})

    def drop_closing(self, tenant_id: str) -> None:
        self._table.delete(_PK, tenant_id + _CLOSING)

    def has_any(self, tenant_id: str) -> bool:
        names = (_EVERYONE, tenant_id, tenant_id + _CLOSING)
        return bool(self._table.get_many([(_PK, name) for name in names], consistent=False))

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
    name = str(known(row)["sk"])
    tenant_id = None if name == _EVERYONE else name.removesuffix(_CLOSING)
    return Stop(tenant_id, from_milliseconds(row["at"]), is_closing=name.endswith(_CLOSING))
