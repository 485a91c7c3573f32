"""HTTP bodies about runs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from chalicelib.features.sending.model.run import Run, Source, State
from chalicelib.features.sending.service.notify import MOST_NAMED, Notified
from chalicelib.features.sending.service.sending import MOST_CHOSEN
from chalicelib.web.message import MessageBody
from chalicelib.web.schema import Schema, example

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
