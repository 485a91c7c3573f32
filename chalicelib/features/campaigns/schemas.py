"""HTTP bodies of campaigns."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, field_validator

from chalicelib.channels.message import fields_of
from chalicelib.features.campaigns.model import Audience, Campaign, Status
from chalicelib.web.instant import Instant
from chalicelib.web.message import MessageBody, in_one_line
from chalicelib.web.schema import Schema, example

_CAREFUL = "Fewer pushes at once: slower, and fewer that come twice when a sender dies."
_EXPIRES = "Who has not been reached by then is not any more."
_THROTTLE = "At most so many pushes a minute, evenly."
Name = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"\S"), AfterValidator(in_one_line)]
Throttle = Annotated[int, Field(ge=1, le=10_000_000)]


def _true(said: object) -> object:
    if said is not True:  # 1 would pass for it
        raise ValueError("must be true")
    return said


class AudienceBody(Schema):
    all: Annotated[Literal[True], BeforeValidator(_true), Field(description="Everyone who is subscribed.")]

    def audience(self) -> Audience:
        return Audience(all=self.all)


class ScheduleBody(Schema):
    send_at: Instant = Field(description="Within a year; the minute counts.")


class ScheduleCampaign(Schema):
    schedule: ScheduleBody


class CreateCampaign(Schema):
    model_config = example(name="Spring sale")

    name: Name = Field(description="For you; nobody else sees it.")
    message: MessageBody
    audience: AudienceBody
    schedule: ScheduleBody | None = Field(None, description="Without one it stays a draft.")
    careful: bool = Field(default=False, description=_CAREFUL)
    throttle_per_minute: Throttle | None = Field(None, description=_THROTTLE)
    expires_at: Instant | None = Field(None, description=_EXPIRES)


class ChangeCampaign(Schema):
    """What is left out stays; only `expires_at` and `throttle_per_minute` can be taken back, by null."""

    model_config = example(name="Spring sale, last days", expires_at="2026-03-08T23:00:00Z")

    name: Name | None = None
    message: MessageBody | None = None
    audience: AudienceBody | None = None
    careful: bool | None = Field(None, description=_CAREFUL)
    throttle_per_minute: Throttle | None = Field(None, description=_THROTTLE)
    expires_at: Instant | None = Field(None, description=_EXPIRES)

    @field_validator("name", "message", "audience", "careful")
    @classmethod
    def _is_said(cls, value: object) -> object:
        if value is None:
            raise ValueError("may be left out, but not null")
        return value


class CampaignView(Schema):
    model_config = example(
        name="Spring sale",
        status="draft",
        mode="live",
    )

    id: str
    site_id: str
    name: str
    status: str = Field(description=f"{', '.join(Status)}.")
    mode: str = Field(description="`live`, or `test` when a test key sent it last: then nothing went out.")
    message: MessageBody
    audience: AudienceBody
    schedule: ScheduleBody | None
    careful: bool
    throttle_per_minute: int | None
    expires_at: datetime | None
    run_id: str | None = Field(description="What it became when it was sent, or will become.")
    created_at: datetime
    updated_at: datetime | None

    @classmethod
    def of(cls, campaign: Campaign) -> CampaignView:
        return cls(
            id=campaign.id,
            site_id=campaign.site_id,
            name=campaign.name,
            status=campaign.status.value,
            mode=campaign.mode.value,
            message=MessageBody.of(fields_of(campaign.message)),
            audience=AudienceBody(all=True),
            schedule=ScheduleBody.model_construct(send_at=campaign.send_at) if campaign.send_at else None,
            careful=campaign.careful,
            throttle_per_minute=campaign.throttle_per_minute,
            expires_at=campaign.expires_at,
            run_id=campaign.run_id,
            created_at=campaign.created_at,
            updated_at=campaign.updated_at,
        )


class CampaignList(Schema):
    data: list[CampaignView]
    next_cursor: str | None
    has_more: bool


class RunStarted(Schema):
    run: str
