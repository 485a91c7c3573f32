"""Runs as rows of the sends table: `C#<tenant>#<run>` / `RUN`. What a run says is packed once and never rewritten."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.aws.dynamo import Put, Refused, Table, Update, Write, absent, equals, transact
from chalicelib.aws.values import Row, known
from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import Stale
from chalicelib.features.campaigns.model import RUNS_KEPT_FOR, Campaign
from chalicelib.features.due.model import Kind, Move
from chalicelib.features.sending.model.run import Order, Run

_VERSION = 1
_CHANGING = (
    "state", "look_at", "batches", "estimate", "reissued_at", "waves", "finished_at", "totals", "believed",
    "started_at", "paused_at", "paused_seconds", "woken_until", "woken", "rev",
)  # fmt: skip
_UNSAID_WHEN_EMPTY = {"believed", "paused_seconds"}  # came later: rows without them are as good


class RunRows:
    """`moving` is how an entry of the calendar moves with its run, `replacing` how a campaign changes with it; who
    neither adds nor turns any does without.
    """

    def __init__(
        self,
        *,
        moving: Callable[[Move], Sequence[Write]] = lambda _move: (),
        replacing: Callable[[Campaign], Put] | None = None,
    ) -> None:
        self._table = Table("sends")
        self._moving = moving
        self._replacing = replacing

    async def get(self, tenant_id: str, run_id: str) -> Run | None:
        row = self._table.get(*place_of(tenant_id, run_id))
        return read_run(tenant_id, row) if row else None

    async def get_many(self, tenant_id: str, run_ids: Sequence[str]) -> list[Run]:
        rows = self._table.get_many(place_of(tenant_id, run_id) for run_id in run_ids)
        return [read_run(tenant_id, row) for row in rows]

    async def add(self, tenant_id: str, run: Run) -> Run:
        row = _fields(run) | {
            "pk": _pk(tenant_id, run.id),
            "sk": "RUN",
            "v": _VERSION,
            "order": msgspec.msgpack.encode(run.order),
            "ttl": in_seconds(run.created_at + RUNS_KEPT_FOR),
        }
        write = Put(self._table, row, absent())
        moves = self._moving(Move(Kind.RUN, tenant_id, run.id, None, run.look_at))
        try:
            if moves:
                transact(write, *moves)
            else:
                self._table.write(write)
        except Refused as refused:
            return read_run(tenant_id, refused.row or {})
        return run

    async def save(self, tenant_id: str, run: Run) -> Run:
        saved = replace(run, rev=run.rev + 1)
        write = self._change(tenant_id, saved)
        with _met_itself(write):
            self._table.write(write)
        return saved

    async def turn(
        self, tenant_id: str, run: Run, campaign: Campaign, *, looked_at: datetime | None
    ) -> tuple[Run, Campaign]:
        assert self._replacing is not None, "who turns runs has their campaigns"
        saved, owner = replace(run, rev=run.rev + 1), replace(campaign, rev=campaign.rev + 1)
        write = self._change(tenant_id, saved)
        with _met_itself(write):
            transact(
                write,
                self._replacing(campaign),
                *self._moving(Move(Kind.RUN, tenant_id, run.id, looked_at, run.look_at)),
            )
        return saved, owner

    def _change(self, tenant_id: str, saved: Run) -> Update:
        fields = _fields(saved)
        changes = {name: fields.get(name) for name in _CHANGING}
        return Update(self._table, _pk(tenant_id, saved.id), "RUN", changes, equals("rev", saved.rev - 1))


@contextmanager
def _met_itself(write: Update) -> Iterator[None]:
    """Refused for what it wrote itself, it had arrived at an earlier try of ours, and all that went with it."""
    try:
        yield
    except Refused as refused:
        if not write.stands_in(refused.row or {}):
            raise Stale from None


def place_of(tenant_id: str, run_id: str) -> tuple[str, str]:
    return _pk(tenant_id, run_id), "RUN"


def _pk(tenant_id: str, run_id: str) -> str:
    return f"C#{tenant_id}#{run_id}"


def _fields(run: Run) -> dict[str, Any]:
    fields: dict[str, Any] = {name: getattr(run, name) for name in run.__dataclass_fields__}
    del fields["order"], fields["tenant_id"]
    fields = {name: value for name, value in fields.items() if value or name not in _UNSAID_WHEN_EMPTY}
    built: dict[str, Any] = msgspec.to_builtins(fields)
    return built


def read_run(tenant_id: str, row: Row) -> Run:
    order = msgspec.msgpack.decode(known(row, newest=_VERSION)["order"], type=Order)
    return msgspec.convert({**row, "tenant_id": tenant_id, "order": order}, Run)
