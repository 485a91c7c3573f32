"""Gates as rows of the sends table: `H#<tenant>#<site>` / host. All of a site's are read by one query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta

import msgspec

from chalicelib.aws.dynamo import Put, Refused, Table, absent, equals
from chalicelib.aws.values import Row, known
from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import Stale
from chalicelib.features.sending.model.gate import Gate

_VERSION = 1
_KEPT_FOR = timedelta(days=90)
_UNSAID_WHEN_EMPTY = {"refused", "teller"}  # came later: rows without it are as good


class GateRows:
    def __init__(self) -> None:
        self._table = Table("sends")

    async def of_site(self, tenant_id: str, site_id: str) -> Mapping[str, Gate]:
        gates: dict[str, Gate] = {}
        position = None
        while True:
            page = self._table.query(_pk(tenant_id, site_id), position=position, consistent=False)
            gates |= {gate.host: gate for gate in map(_gate, page.rows)}
            position = page.position
            if position is None:
                return gates

    async def save(self, tenant_id: str, site_id: str, gate: Gate) -> Gate:
        saved = replace(gate, rev=gate.rev + 1)
        row = _row(_pk(tenant_id, site_id), saved)
        write = Put(self._table, row, equals("rev", gate.rev) if gate.rev else absent())
        try:
            self._table.write(write)
        except Refused as refused:
            if not write.stands_in(refused.row or {}):
                raise Stale from None  # and if it does, an earlier try of ours had arrived
        return saved


def _pk(tenant_id: str, site_id: str) -> str:
    return f"H#{tenant_id}#{site_id}"


def _row(pk: str, gate: Gate) -> Row:
    said = {name: value for name, value in asdict(gate).items() if value is not None}
    fields: Row = msgspec.to_builtins(
        {name: value for name, value in said.items() if value or name not in _UNSAID_WHEN_EMPTY}
    )
    return fields | {"pk": pk, "sk": gate.host, "v": _VERSION, "ttl": _ttl(gate)}


def _ttl(gate: Gate) -> int | None:
    """By what it says, not by the present: whoever asks again after a lost answer writes the same row."""
    instants = [
        at for at in (gate.closed_until, gate.suspected_at, gate.trusted_until, gate.refused_since) if at is not None
    ]
    return in_seconds(max(instants) + _KEPT_FOR) if instants else None


def _gate(row: Row) -> Gate:
    return msgspec.convert(known(row, newest=_VERSION), Gate)
