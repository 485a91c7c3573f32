"""Exports of the trail, in the core table: `T#<tenant>` / `EXPORT#<id>`. They go with the file that they made."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.aws.dynamo import Put, Refused, Table, absent, equals
from chalicelib.aws.values import Row, known
from chalicelib.core.clock import in_seconds
from chalicelib.features.audit.model import Export, Place, Progress

_TABLE = Table("core")
_KEPT_FOR = timedelta(days=7)  # as long as the bucket keeps the file


class ExportRows:
    def add(self, export: Export) -> None:
        _TABLE.put(_row(export), absent())

    def get(self, tenant_id: str, export_id: str) -> Export | None:
        row = _TABLE.get(f"T#{tenant_id}", f"EXPORT#{export_id}")
        return _export(row) if row else None

    def change(self, export: Export) -> bool:
        try:
            _TABLE.write(Put(_TABLE, _row(export), equals("rev", export.rev - 1)))
        except Refused:
            return False
        return True


def _row(export: Export) -> Row:
    return {
        "pk": f"T#{export.tenant_id}",
        "sk": f"EXPORT#{export.id}",
        "v": 1,
        "rev": export.rev,
        "asked_by": export.asked_by,
        "created_at": export.created_at.isoformat(),
        "progress": export.progress.value,
        "upload": export.upload,
        "parts": list(export.parts),
        "month": export.at.month if export.at else None,
        "sequence": export.at.sequence if export.at else None,
        "written": export.written,
        "ttl": in_seconds(export.created_at + _KEPT_FOR),
    }


def _export(row: Row) -> Export:
    known(row)
    return Export(
        id=row["sk"].removeprefix("EXPORT#"),
        tenant_id=row["pk"].removeprefix("T#"),
        asked_by=row["asked_by"],
        created_at=datetime.fromisoformat(row["created_at"]),
        progress=Progress(row["progress"]),
        upload=row.get("upload"),
        parts=tuple(row["parts"]),
        at=Place(row["month"], row["sequence"]) if "month" in row else None,
        written=row["written"],
        rev=row["rev"],
    )
