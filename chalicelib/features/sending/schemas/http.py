"""HTTP bodies about runs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from chalicelib.features.sending.model.run import Run, Source, State
from chalicelib.features.sending.model.totals import EXCLUDED, Totals
from chalicelib.features.sending.service.notify import MOST_NAMED, Notified
from chalicelib.features.sending.service.sending import MOST_CHOSEN
from chalicelib.web.message import MessageBody
from chalicelib.web.schema import Query, Schema, example

SubscriptionId = Annotated[str, StringConstraints(pattern=r"^sub_[0-9a-f]{32}$")]
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class TestPush(Schema):
    model_config = example(external_ids=["customer-1815"])

    subscription_ids: Annotated[list[SubscriptionId], Field(max_length=MOST_CHOSEN)] = Field(default_factory=list)
    external_ids: Annotated[list[ExternalId], Field(max_length=MOST_CHOSEN)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _names_somebody(self) -> TestPush:
        if not self.subscription_ids and not self.external_ids:
            raise ValueError("name at least one of subscription_ids or external_ids")
        return self

    @property
    def keys(self) -> list[bytes]:
        return [bytes.fromhex(one.removeprefix("sub_")) for one in self.subscription_ids]


class To(Schema):
    """People, or browsers: one of the two."""

    model_config = example(external_ids=["customer-4711"])

    external_ids: Annotated[list[ExternalId], Field(max_length=MOST_NAMED)] = Field(default_factory=list)
    subscription_ids: Annotated[list[SubscriptionId], Field(max_length=MOST_NAMED)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _names_one_kind(self) -> To:
        if bool(self.subscription_ids) == bool(self.external_ids):
            raise ValueError("name either external_ids or subscription_ids, at least one")
        return self

    @property
    def keys(self) -> list[bytes]:
        return [bytes.fromhex(one.removeprefix("sub_")) for one in self.subscription_ids]


class SendNotification(Schema):
    to: To
    message: MessageBody


class SkippedView(Schema):
    model_config = example(id="customer-1815", reason="not_subscribed")

    id: str = Field(description="As you named it.")
    reason: str = Field(description="`not_found`: nobody here has it. `not_subscribed`: has ended.")


class NotificationSent(Schema):
    id: str
    accepted: int = Field(description="Browsers that will be pushed to. A person may have several.")
    skipped: list[SkippedView]

    @classmethod
    def of(cls, notified: Notified) -> NotificationSent:
        skipped = [SkippedView(id=one.id, reason=one.reason) for one in notified.skipped]
        return cls(id=shown(notified.run.id), accepted=notified.browsers, skipped=skipped)


def shown(run_id: str) -> str:
    """A notification and its run are one thing under two names."""
    return "ntf_" + run_id.removeprefix("run_")


class NotificationView(Schema):
    """accepted + gone + failed + skipped + expired + pending = audience, always."""

    model_config = example(
        mode="live",
        state="sent",
        created_at="2026-03-01T09:00:00Z",
        expires_at="2026-03-02T09:00:00Z",
        finished_at="2026-03-01T09:00:01Z",
        audience=2,
        accepted=1,
        gone=1,
        failed=0,
        skipped=0,
        expired=0,
        pending=0,
        reasons={"gone:ended": 1},
    )

    id: str
    mode: str
    state: str
    created_at: datetime
    expires_at: datetime
    finished_at: datetime | None
    audience: int
    accepted: int
    gone: int
    failed: int
    skipped: int
    expired: int
    pending: int
    reasons: dict[str, int]

    @classmethod
    def of(cls, run: Run, totals: Totals) -> NotificationView:
        return cls(
            id=shown(run.id),
            mode=run.mode.value,
            state=run.state.value,
            created_at=run.created_at,
            expires_at=run.expires_at,
            finished_at=run.finished_at,
            audience=totals.audience,
            accepted=totals.family("accepted"),
            gone=totals.family("gone"),
            failed=totals.family("failed"),
            skipped=totals.family("skipped"),
            expired=totals.family("expired"),
            pending=totals.pending,
            reasons=totals.reasons,
        )


class Turned(Schema):
    model_config = example(id="cmp_01kz8m5q3v7x9c2b4n6t8w0y1e", status="paused", run="run_01kz8m5q3v7x9c2b4n6t8w0y1e")

    id: str
    status: str
    run: str | None


class Cancelled(Schema):
    model_config = example(
        id="cmp_01kz8m5q3v7x9c2b4n6t8w0y1e", status="cancelled", run="run_01kz8m5q3v7x9c2b4n6t8w0y1e"
    )

    id: str
    status: str
    run: str | None


class TestStarted(Schema):
    run: str = Field(description="Its stats say what became of it.")


class RunView(Schema):
    model_config = example(
        campaign_id="cmp_01kz8m5q3v7x9c2b4n6t8w0y1e",
        source="campaign",
        mode="live",
        state="sent",
        expires_at="2026-03-04T09:00:00Z",
        finished_at="2026-03-01T09:04:00Z",
    )

    id: str
    campaign_id: str | None
    source: str = Field(description=f"{', '.join(Source)}.")
    mode: str = Field(description="`live`, or `test`: everything up to the socket.")
    state: str = Field(description=f"{', '.join(State)}.")
    created_at: datetime
    expires_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, run: Run) -> RunView:
        return cls(
            id=run.id,
            campaign_id=run.campaign_id,
            source=run.source.value,
            mode=run.mode.value,
            state=run.state.value,
            created_at=run.created_at,
            expires_at=run.expires_at,
            finished_at=run.finished_at,
        )


class RunPage(Schema):
    data: list[RunView]
    next_cursor: str | None
    has_more: bool


class StatsQuery(Query):
    run: Annotated[str, StringConstraints(pattern=r"^(run|ntf)_[0-9a-z]{26}$")] | None = Field(
        None, description="Which of its runs; by default the one it was sent as."
    )


class Stats(Schema):
    """accepted + gone + failed + skipped + expired + pending = audience, always. *Accepted* is by the push service."""

    model_config = example(
        run="run_01kz8m5q3v7x9c2b4n6t8w0y1e",
        state="sending",
        audience=1000,
        excluded=250,
        accepted=940,
        gone=31,
        failed=2,
        skipped=12,
        expired=0,
        pending=15,
        unknown=0,
        spared=0,
        reasons={"gone:ended": 31, "failed:not_found": 2, "skipped:not_subscribed": 12},
    )

    run: str | None = Field(description="None before it is sent.")
    state: str | None
    audience: int = Field(description="Whom it is for.")
    audience_estimated: bool = Field(description="Until every subscription has been read.")
    excluded: int = Field(description="Read, and not in the audience.")
    accepted: int = Field(description="Taken by the push service; nobody can promise more.")
    gone: int = Field(description="Not subscribed any more, says the push service.")
    failed: int = Field(description="Refused for good.")
    skipped: int = Field(
        description="Not tried: cancelled, unsubscribed meanwhile, or another person's browser by now."
    )
    expired: int = Field(description="Not reached before the run's end.")
    pending: int = Field(description="Still to be tried.")
    unknown: int = Field(description="Answers that were lost on the way: these pushes may have been shown twice.")
    spared: int = Field(description="Of those gone: still subscribed, because too many were called gone at once.")
    reasons: dict[str, int] = Field(description="The same by outcome and reason.")

    @classmethod
    def of(cls, run: Run | None, totals: Totals) -> Stats:
        return cls(
            run=run.id if run else None,
            state=run.state.value if run else None,
            audience=totals.audience,
            audience_estimated=not totals.is_exact,
            excluded=totals.family(EXCLUDED),
            accepted=totals.family("accepted"),
            gone=totals.family("gone"),
            failed=totals.family("failed"),
            skipped=totals.family("skipped"),
            expired=totals.family("expired"),
            pending=totals.pending,
            unknown=totals.family("unknown"),
            spared=totals.family("spared"),
            reasons=totals.reasons,
        )
