"""HTTP bodies of campaigns. A message that passes here is one that every browser accepts."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, field_validator

from chalicelib.channels.message import DEFAULT_TTL_SECONDS, Action, Message, Urgency
from chalicelib.features.campaigns.model import Audience, Campaign, Status
from chalicelib.web.instant import Instant
from chalicelib.web.schema import Schema, example

_MOST_EXTRA = 16
_CAREFUL = "Fewer pushes at once: slower, and fewer that come twice when a sender dies."
_EXPIRES = "Who has not been reached by then is not any more."
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
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
Topic = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
ExtraName = Annotated[str, StringConstraints(max_length=64)]
ExtraText = Annotated[str, StringConstraints(max_length=512)]
Extra = Annotated[dict[ExtraName, ExtraText | bool | int | float], Field(max_length=_MOST_EXTRA)]


class ActionBody(Schema):
    model_config = example(action="open", title="To the sale", url="https://shop.example/sale")

    action: Word = Field(description="What your service worker is told was clicked.")
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
    body: Body = Field("", description="Plain text. What is too long for a push is cut at its end.")
    url: Url = Field(description="Where a click leads.")
    icon: Url | None = Field(None, description="A square picture of 192 pixels.")
    image: Url | None = Field(None, description="A large picture, where the browser shows one.")
    badge: Url | None = Field(None, description="A small mark in one colour, for the status bar.")
    tag: Word | None = Field(
        None, description="Takes the place of a notification with the same tag; else of its run's."
    )
    lang: Language | None = Field(None, description="A BCP 47 tag, like `pt-BR`.")
    actions: list[ActionBody] = Field(default_factory=list, max_length=2, description="Buttons.")
    ttl_seconds: int = Field(
        DEFAULT_TTL_SECONDS, ge=1, le=2_419_200, description="How long it is worth showing to who was offline."
    )
    urgency: Urgency = Field("normal", description="What a phone that saves power should be woken for.")
    topic: Topic | None = Field(None, description="Takes the place of what waits at the push service under it.")
    require_interaction: bool = Field(default=False, description="It stays until somebody clicks.")
    silent: bool = Field(default=False, description="Without sound.")
    app_badge: Count | None = Field(None, description="The number on the icon of an installed app.")
    extra: Extra = Field(default_factory=dict, description="Values of your own, for your service worker.")

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
    expires_at: Instant | None = Field(None, description=_EXPIRES)


class ChangeCampaign(Schema):
    """What is left out stays; only `expires_at` can be taken back, by null."""

    model_config = example(name="Spring sale, last days", expires_at="2026-03-08T23:00:00Z")

    name: Name | None = None
    message: MessageBody | None = None
    audience: AudienceBody | None = None
    careful: bool | None = Field(None, description=_CAREFUL)
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
