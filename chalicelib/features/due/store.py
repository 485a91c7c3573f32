"""Due entries as rows: `D#<minute>#<shard>` / `<kind>#<tenant>#<id>#<instant>`, and one row for the watermark.

The instant is part of the key: two writers who move the same owner within a minute must not overwrite each other.
"""

from __future__ import annotations

from collections.abc import Iterator

from pynamodb.expressions.operand import Path

from chalicelib.aws.dynamo import Delete, Put, Refused, Table, Write, absent
from chalicelib.aws.values import Row, known
from chalicelib.core.clock import from_milliseconds, in_milliseconds
from chalicelib.core.errors import FromTheFuture
from chalicelib.features.due.model import Entry, Move

_VERSION = 1
_WATERMARK = "D#WATERMARK"
_TABLE = Table("due")


class DueEntries:
    def __init__(self) -> None:
        self._table = _TABLE

    def put(self, entry: Entry) -> None:
        self._table.write(_entering(entry))

    def drop(self, entry: Entry) -> None:
        self._table.write(_leaving(entry))

    def of_minute(self, minute: int, shard: int, *, for_good: bool) -> Iterator[Entry]:
        position, unknown = None, 0
        while True:
            page = self._table.query(_pk(minute, shard), position=position, consistent=for_good)
            for row in page.rows:
                if row["v"] <= _VERSION:
                    yield _entry(row, minute)
                else:
                    unknown += 1
            position = page.position
            if position is None:
                break
        if unknown:
            raise FromTheFuture

    def watermark(self) -> int | None:
        row = self._table.get(_WATERMARK)
        return known(row, newest=_VERSION)["minute"] if row else None

    def raise_watermark(self, minute: int) -> None:
        try:
            self._table.put(
                {"pk": _WATERMARK, "sk": "-", "v": _VERSION, "minute": minute}, absent() | (Path("minute") < minute)
            )
        except Refused:
            return


def moving(move: Move) -> list[Write]:
    """Its writes, for the transaction that also writes its owner."""
    writes: list[Write] = []
    if move.entering is not None:
        writes.append(_entering(move.entering))
    if move.leaving is not None:
        writes.append(_leaving(move.leaving))
    return writes


def _entering(entry: Entry) -> Put:
    return Put(_TABLE, {"pk": _pk(entry.minute, entry.shard), "sk": _sk(entry), "v": _VERSION})


def _leaving(entry: Entry) -> Delete:
    return Delete(_TABLE, _pk(entry.minute, entry.shard), _sk(entry))


def _pk(minute: int, shard: int) -> str:
    return f"D#{minute}#{shard}"


def _entry(row: Row, minute: int) -> Entry:
    kind, tenant_id, owner_id, at = row["sk"].split("#")
    return Entry(kind, tenant_id, owner_id, from_milliseconds(int(at)), minute)


def _sk(entry: Entry) -> str:
    return f"{entry.kind}#{entry.tenant_id}#{entry.id}#{in_milliseconds(entry.at)}"
