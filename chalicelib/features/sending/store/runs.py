"""Runs as rows of the sends table: `C#<tenant>#<run>` / `RUN`. What a run says is packed once and never rewritten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from chalicelib.aws.dynamo import Put, Refused, Table, Update, absent, equals, transact
from chalicelib.aws.values import Row, known
from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import Stale
from chalicelib.features.campaigns.model import RUNS_KEPT_FOR
from chalicelib.features.due.model import Entry, Kind
from chalicelib.features.sending.model.run import Order, Run

_VERSION = 1
_CHANGING = (
    "state", "look_at", "batches", "estimate", "reissued_at", "waves", "finished_at", "totals", "believed",
    "started_at", "paused_at", "paused_seconds", "woken_until", "woken", "rev",
)  # fmt: skip
_UNSAID_WHEN_EMPTY = {"believed", "paused_seconds"}  # came later: rows without them are as good


class RunRows:
    """`entry_writing` is how a new one gets its entry in the calendar; who adds none does without."""

    def __init__(self, *, entry_writing: Callable[[Entry], Put] | None = None) -> None:
        self._table = Table("sends")
        self._entry_writing = entry_writing

    async def get(self, tenant_id: str, run_id: str) -> Run | None:
        row = self._table.get(_pk(tenant_id, run_id), "RUN")
        return _run(tenant_id, row) if row else None

    async def get_many(self, tenant_id: str, run_ids: Sequence[str]) -> list[Run]:
        rows = self._table.get_many((_pk(tenant_id, run_id), "RUN") for run_id in run_ids)
        return [_run(tenant_id, row) for row in rows]

    async def add(self, tenant_id: str, run: Run) -> Run:
        row = _fields(run) | {
            "pk": _pk(tenant_id, run.id),
            "sk": "RUN",
            "v": _VERSION,
            "order": msgspec.msgpack.encode(run.order),
            "ttl": in_seconds(run.created_at + RUNS_KEPT_FOR),
        }
        write = Put(self._table, row, absent())
        try:
            if self._entry_writing is None or run.look_at is None:
                self._table.write(write)
            else:
                entry = Entry.at_its_minute(Kind.RUN, tenant_id, run.id, run.look_at)
                transact(write, self._entry_writing(entry))
        except Refused as refused:
            return _run(tenant_id, refused.row or {})
        return run

    async def save(self, tenant_id: str, run: Run) -> Run:
        saved = replace(run, rev=run.rev + 1)
        fields = _fields(saved)
        changes = {name: fields.get(name) for name in _CHANGING}
        write = Update(self._table, _pk(tenant_id, run.id), "RUN", changes, equals("rev", run.rev))
        try:
            self._table.write(write)
        except Refused as refused:
            if not write.stands_in(refused.row or {}):
                raise Stale from None  # and if it does, an earlier try of ours had arrived
        return saved


def _pk(tenant_id: str, run_id: str) -> str:
    return f"C#{tenant_id}#{run_id}"


def _fields(run: Run) -> dict[str, Any]:
    fields: dict[str, Any] = {name: getattr(run, name) for name in run.__dataclass_fields__}
    del fields["order"], fields["tenant_id"]
    fields = {name: value for name, value in fields.items() if value or name not in _UNSAID_WHEN_EMPTY}
    built: dict[str, Any] = msgspec.to_builtins(fields)
    return built


def _run(tenant_id: str, row: Row) -> Run:
    order = msgspec.msgpack.decode(known(row, newest=_VERSION)["order"], type=Order)
    return msgspec.convert({**row, "tenant_id": tenant_id, "order": order}, Run)
