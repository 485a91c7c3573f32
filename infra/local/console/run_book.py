"""The runs of all tenants, newest first, added up by sending's own code. Only a laptop may look across tenants."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from moto.dynamodb.models import dynamodb_backends

from chalicelib.core import drive
from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.model.totals import totals_of
from infra.local import aws
from infra.local.console.product_view import RunView
from infra.local.moto_patch import LOCK

_PARTS_OF_A_RUN = 3  # C#<tenant>#<run>; its batches have a fourth


class Runs(Protocol):
    async def get(self, tenant_id: str, run_id: str) -> Run | None: ...


class Batches(Protocol):
    async def of_run(self, tenant_id: str, run: Run) -> list[Batch]: ...


class RunBook:
    """Knows finished runs by heart: they do not change, and it is asked every second."""

    def __init__(self, *, prefix: str, runs: Runs, batches: Batches) -> None:
        self._prefix = prefix
        self._runs = runs
        self._batches = batches
        self._known: dict[str, Run] = {}
        self._partitions: set[str] = set()
        self._mutex = threading.Lock()

    def newest(self, *, most: int) -> Sequence[RunView]:
        return [self._view(run) for run in self.read()[:most]]

    def read(self) -> Sequence[Run]:
        """All of them as they are now, newest first."""
        with self._mutex:
            self._refresh()
            return sorted(self._known.values(), key=lambda run: (run.created_at, run.id), reverse=True)

    def _refresh(self) -> None:
        wanted = {run.id: run.tenant_id for run in self._known.values() if not run.is_over}
        new = self._partition_keys() - self._partitions
        for parts in (key.split("#") for key in new):
            if len(parts) == _PARTS_OF_A_RUN:
                wanted[parts[2]] = parts[1]
        for run_id, tenant_id in wanted.items():
            run = drive.run(self._runs.get(tenant_id, run_id))
            if run is not None:
                self._known[run_id] = run
        self._partitions |= new

    def _partition_keys(self) -> set[str]:
        """From moto's memory: a scan would read every batch of every run each second."""
        backend: Any = dynamodb_backends[aws.ACCOUNT][aws.REGION]
        with LOCK:
            return {key.value for key, rows in backend.tables[f"{self._prefix}-sends"].items.items() if rows}

    def _view(self, run: Run) -> RunView:
        totals = totals_of(run, [] if run.is_over else drive.run(self._batches.of_run(run.tenant_id, run)))
        return RunView(
            id=run.id,
            title=run.order.message.title,
            site_id=run.site_id,
            campaign_id=run.campaign_id,
            source=run.source.value,
            mode=run.mode.value,
            state=run.state.value,
            created_at=run.created_at,
            finished_at=run.finished_at,
            audience=totals.audience,
            audience_estimated=not totals.is_exact,
            accepted=totals.family("accepted"),
            gone=totals.family("gone"),
            failed=totals.family("failed"),
            skipped=totals.family("skipped"),
            expired=totals.family("expired"),
            pending=totals.pending,
            reasons=totals.reasons,
        )


class Tags:
    """Whose push a notification was: its tag is its run's id, unless the message brought a tag of its own."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._by_id = {run.id: run for run in runs}
        self._by_own_tag: dict[str, list[Run]] = {}
        for run in runs:
            if run.order.message.tag:
                self._by_own_tag.setdefault(run.order.message.tag, []).append(run)

    def run_of(self, tag: str, *, at: datetime) -> Run | None:
        began_before = (run for run in self._by_own_tag.get(tag, ()) if run.created_at <= at)
        return self._by_id.get(tag) or next(began_before, None)
