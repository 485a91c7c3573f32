"""HTTP bodies of the operator's desk. They name ids and hosts; what a message says is its owner's affair."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.core.clock import from_milliseconds
from chalicelib.core.paging import Page
from chalicelib.features.operations.model import Stop
from chalicelib.features.sending.model.batch import Batch, Wait
from chalicelib.features.sending.model.condition import Condition
from chalicelib.features.sending.model.gate import Gate
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.service.desk import Examined
from chalicelib.web.schema import ListQuery, Schema, example

_HOST = "updates.push.services.mozilla.com"
_TENANT = "ten_01kz8m5q3v7x9c2b4n6t8w0y1e"
TenantId = Annotated[str, StringConstraints(max_length=64)]

# --- The switch ---


class Whose(Schema):
    model_config = example(tenant_id=_TENANT)

    tenant_id: TenantId | None = Field(None, description="Left out: everyone.")


class StopView(Schema):
    model_config = example(tenant_id=_TENANT, at="2026-03-01T09:00:00Z", closing=False)

    tenant_id: str | None = Field(description="Null: everyone.")
    at: datetime
    closing: bool = Field(description="Whether it is because the account is closing. Nobody but its owner ends that.")


class StopList(Schema):
    """All that stand now."""

    model_config = example(next_cursor=None, has_more=False)

    data: list[StopView]
    next_cursor: str | None = None
    has_more: bool = False

    @classmethod
    def of(cls, stops: Sequence[Stop]) -> StopList:
        return cls(data=[StopView(tenant_id=stop.tenant_id, at=stop.at, closing=stop.is_closing) for stop in stops])


# --- A run ---


class RunQuery(ListQuery):
    condition: Condition | None = Field(None, description="Only batches that stand so.")


class WaitView(Schema):
    model_config = example(at="2026-03-01T09:20:00Z", attempt=1, reason="throttled", count=12)

    at: datetime
    attempt: int
    reason: str
    count: int

    @classmethod
    def of(cls, wait: Wait, count: int) -> WaitView:
        return cls(at=from_milliseconds(wait.at), attempt=wait.attempt, reason=wait.reason, count=count)


class BatchView(Schema):
    """One record. `later` says who waits until when, `gone` who is to be ended by host; `hosts` counts answers and,
    of those, gone.
    """

    model_config = example(
        n=5,
        condition="waiting",
        owner=None,
        next_at="2026-03-01T09:20:00Z",
        release_at="2026-03-01T09:00:00Z",
        is_read=True,
        passes=1,
        cursor="9f86d081884c7d659a2feaa0c55ad015",
        counts={"accepted": 470, "gone:ended": 6},
        in_doubt=0,
        gone={},
        hosts={_HOST: [476, 6]},
        rev=7,
    )

    n: int
    condition: Condition
    owner: str | None
    leased_until: datetime | None
    next_at: datetime | None
    release_at: datetime
    is_read: bool
    passes: int
    cursor: str | None
    counts: dict[str, int]
    in_doubt: int
    later: list[WaitView]
    gone: dict[str, int]
    hosts: dict[str, list[int]]
    rev: int

    @classmethod
    def of(cls, run: Run, examined: Examined) -> BatchView:
        batch: Batch = examined.batch
        progress = batch.progress
        return cls(
            n=batch.number,
            condition=examined.condition,
            owner=batch.owner or None,
            leased_until=batch.leased_until,
            next_at=batch.next_at,
            release_at=run.release_at(batch.number),
            is_read=progress.is_read,
            passes=progress.passes,
            cursor=progress.cursor.hex() or None,
            counts=progress.counts,
            in_doubt=len(progress.in_doubt),
            later=[WaitView.of(wait, len(keys)) for wait, keys in progress.later.items()],
            gone={host: len(graves) for host, graves in progress.gone.items()},
            hosts=progress.hosts,
            rev=batch.rev,
        )


class WholeRun(Schema):
    """A run and its batch records, which come page by page."""

    model_config = example(
        id="run_01kz8m5q3v7x9c2b4n6t8w0y1e",
        tenant_id=_TENANT,
        campaign_id="cmp_01kz8m5q3v7x9c2b4n6t8w0y1e",
        source="campaign",
        mode="live",
        state="sending",
        lane="send",
        batches=2048,
        audience=1_000_000,
        audience_estimated=True,
        throttle_per_minute=None,
        started_at="2026-03-01T09:00:00Z",
        look_at="2026-03-01T09:01:00Z",
        waves=0,
        believed={_HOST: True},
        totals={},
        next_cursor="MDFrejhtNXEzdg",
        has_more=True,
    )

    id: str
    tenant_id: str
    site_id: str
    campaign_id: str | None
    source: str
    mode: str
    state: str
    lane: str
    batches: int | None
    audience: int | None
    audience_estimated: bool
    chosen: int = Field(description="Browsers picked by name; 0 for a campaign.")
    careful: bool
    throttle_per_minute: int | None
    created_at: datetime
    started_at: datetime | None
    expires_at: datetime
    look_at: datetime | None
    woken_until: datetime | None
    paused_at: datetime | None
    paused_seconds: float
    reissued_at: datetime | None
    waves: int
    believed: dict[str, bool]
    finished_at: datetime | None
    totals: dict[str, int]
    rev: int
    data: list[BatchView]
    next_cursor: str | None
    has_more: bool

    @classmethod
    def of(cls, run: Run, page: Page[Examined], *, next_cursor: str | None) -> WholeRun:
        same = ("id", "tenant_id", "site_id", "campaign_id", "batches", "created_at", "started_at", "expires_at",
                "look_at", "woken_until", "paused_at", "paused_seconds", "reissued_at", "waves", "believed",
                "finished_at", "totals", "rev")  # fmt: skip
        return cls(
            **{name: getattr(run, name) for name in same},
            source=run.source.value,
            mode=run.mode.value,
            state=run.state.value,
            lane=run.lane.value,
            audience=run.estimate.audience if run.estimate else None,
            audience_estimated=run.estimate is None or not run.estimate.exact,
            chosen=len(run.order.chosen),
            careful=run.order.careful,
            throttle_per_minute=run.order.throttle_per_minute,
            data=[BatchView.of(run, examined) for examined in page.rows],
            next_cursor=next_cursor,
            has_more=next_cursor is not None,
        )


# --- Push hosts ---


class GateView(Schema):
    """`answers` and `gone` are the figures that raised the suspicion; `closures` those since the last push it took."""

    model_config = example(
        host=_HOST, is_closed=False, closures=0, suspected_at="2026-03-01T09:00:00Z", answers=400, gone=333
    )

    host: str
    is_closed: bool
    closed_until: datetime | None
    closure: str | None
    closures: int
    suspected_at: datetime | None
    answers: int
    gone: int
    trusted_until: datetime | None

    @classmethod
    def of(cls, gate: Gate, *, now: datetime) -> GateView:
        return cls(
            host=gate.host,
            is_closed=gate.is_closed(now=now),
            closed_until=gate.closed_until,
            closure=gate.closure.value if gate.closure else None,
            closures=gate.closures,
            suspected_at=gate.suspected_at,
            answers=gate.answers,
            gone=gate.gone,
            trusted_until=gate.trusted_until,
        )


class GateList(Schema):
    model_config = example(next_cursor=None, has_more=False)

    data: list[GateView]
    next_cursor: str | None = None
    has_more: bool = False
