"""HTTP bodies of campaigns. A message that passes here is one that every browser accepts."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, field_validator

from chalicelib.channels.message import DEFAULT_TTL_SECONDS, Action, Message, Urgency
from chalicelib.features.campaigns.model import Audience, Campaign
from chalicelib.web.instant import Instant
from chalicelib.web.schema import Schema, example

_MOST_EXTRA = 16
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _absolute(url: str) -> str:
    """Safari drops the whole message for one relative address."""
    try:
        parts = urlsplit(url)
        port_is_sane = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError("must be an absolute http(s) URL") from None
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or not port_is_sane
        or " " in url
        or _CONTROL.search(url)
    ):
        raise ValueError("must be an absolute http(s) URL")
    return url


def _in_one_line(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("must not contain control characters")
    return text


def _in_lines(text: str) -> str:
    _in_one_line(text.replace("\n", ""))
    return text


Url = Annotated[str, StringConstraints(max_length=2048), AfterValidator(_absolute)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"\S"), AfterValidator(_in_one_line)]
Body = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_in_lines)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"\S"), AfterValidator(_in_one_line)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_in_one_line)]
ExtraName = Annotated[str, StringConstraints(max_length=64)]
ExtraText = Annotated[str, StringConstraints(max_length=512)]
Extra = Annotated[dict[ExtraName, ExtraText | bool | int | float], Field(max_length=_MOST_EXTRA)]


class ActionBody(Schema):
    model_config = example(action="open", title="To the sale", url="https://shop.example/sale")

    action: Word
    title: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"\S"), AfterValidator(_in_one_line)]
    url: Url


class MessageBody(Schema):
    model_config = example(
        title="20 % off everything",
        body="Until Sunday, in the shop and online.",
        url="https://shop.example/sale",
        icon="https://shop.example/icon.png",
        actions=[{"action": "open", "title": "To the sale", "url": "https://shop.example/sale"}],
    )

    title: Title
    body: Body = ""
    url: Url
    icon: Url | None = None
    image: Url | None = None
    badge: Url | None = None
    tag: Word | None = None
    lang: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)] | None = None
    actions: Annotated[list[ActionBody], Field(max_length=2)] = Field(default_factory=list)
    ttl_seconds: Annotated[int, Field(ge=1, le=2_419_200)] = DEFAULT_TTL_SECONDS
    urgency: Urgency = "normal"
    topic: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")] | None = None
    require_interaction: bool = False
    silent: bool = False
    app_badge: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    extra: Extra = Field(default_factory=dict)

    def message(self) -> Message:
        fields = self.model_dump(exclude={"actions"})
        return Message(**fields, actions=tuple(Action(**action.model_dump()) for action in self.actions))

    @classmethod
    def of(cls, message: Message) -> MessageBody:
        fields = {name: getattr(message, name) for name in cls.model_fields if name != "actions"}
        actions = [ActionBody(action=one.action, title=one.title, url=one.url) for one in message.actions]
        return cls.model_construct(**fields, actions=actions)


def _true(said: object) -> object:
    if said is not True:  # 1 would pass for it
        raise ValueError("must be true")
    return said


class AudienceBody(Schema):
    all: Annotated[Literal[True], BeforeValidator(_true)]

    def audience(self) -> Audience:
        return Audience(all=self.all)


class ScheduleBody(Schema):
    send_at: Instant


class ScheduleCampaign(Schema):
    schedule: ScheduleBody


class CreateCampaign(Schema):
    model_config = example(name="Spring sale")

    name: Name
    message: MessageBody
    audience: AudienceBody
    schedule: ScheduleBody | None = None
    careful: bool = False
    expires_at: Instant | None = None


class ChangeCampaign(Schema):
    """What is left out stays; only `expires_at` can be taken back, by null."""

    model_config = example(name="Spring sale, last days", expires_at="2026-03-08T23:00:00Z")

    name: Name | None = None
    message: MessageBody | None = None
    audience: AudienceBody | None = None
    careful: bool | None = None
    expires_at: Instant | None = None

    @field_validator("name", "message", "audience", "careful")
    @classmethod
    def _is_said(cls, value: object) -> object:
        if value is None:
            raise ValueError("may be left out, but not null")
        return value


class CampaignView(Schema):
    model_config = example(
        name="Spring sale",
        status="scheduled",
        mode="live",
        schedule={"send_at": "2026-03-06T09:00:00Z"},
        run_id="run_01kz8m5q3v7x9c2b4n6t8w0y1e",
    )

    id: str
    site_id: str
    name: str
    status: str
    mode: str
    message: MessageBody
    audience: AudienceBody
    schedule: ScheduleBody | None
    careful: bool
    expires_at: datetime | None
    run_id: str | None
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
            message=MessageBody.of(campaign.message),
            audience=AudienceBody(all=True),
            schedule=ScheduleBody.model_construct(send_at=campaign.send_at) if campaign.send_at else None,
            careful=campaign.careful,
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
