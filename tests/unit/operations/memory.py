"""What operators have stopped, in memory; None stands for everyone."""

from __future__ import annotations

from datetime import datetime


class Stops:
    def __init__(self) -> None:
        self.rows: dict[str | None, datetime] = {}

    def put(self, tenant_id: str | None, *, at: datetime) -> None:
        self.rows[tenant_id] = at

    def drop(self, tenant_id: str | None) -> None:
        self.rows.pop(tenant_id, None)

    def has_any(self, tenant_id: str) -> bool:
        return None in self.rows or tenant_id in self.rows
