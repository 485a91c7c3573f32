"""A message as people write it, for every route that takes one. What passes here every browser accepts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.web.schema import Schema, example

Urgency = Literal["very-low", "low", "normal", "high"]
_DEFAULT_TTL_SECONDS = 86_400
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


def in_one_line(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("must not contain control characters")
    return text


def _in_lines(text: str) -> str:
    in_one_line(text.replace("\n", ""))
    return text


Url = Annotated[str, StringConstraints(max_length=2048), AfterValidator(_absolute)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"\S"), AfterValidator(in_one_line)]
Body = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_in_lines)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(in_one_line)]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
Topic = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
ExtraName = Annotated[str, StringConstraints(max_length=64)]
ExtraText = Annotated[str, StringConstraints(max_length=512)]
Extra = Annotated[dict[ExtraName, ExtraText | bool | int | float], Field(max_length=_MOST_EXTRA)]


class ActionBody(Schema):
    model_config = example(action="open", title="To the sale", url="https://shop.example/sale")

    action: Word = Field(description="What your service worker is told was clicked.")
    title: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"\S"), AfterValidator(in_one_line)]
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
        _DEFAULT_TTL_SECONDS, ge=1, le=2_419_200, description="How long it is worth showing to who was offline."
    )
    urgency: Urgency = Field("normal", description="What a phone that saves power should be woken for.")
    topic: Topic | None = Field(None, description="Takes the place of what waits at the push service under it.")
    require_interaction: bool = Field(default=False, description="It stays until somebody clicks.")
    silent: bool = Field(default=False, description="Without sound.")
    app_badge: Count | None = Field(None, description="The number on the icon of an installed app.")
    extra: Extra = Field(default_factory=dict, description="Values of your own, for your service worker.")

    @property
    def fields(self) -> dict[str, Any]:
        return self.model_dump()

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """As it was accepted once, whatever the rules are now."""
        actions = [ActionBody(**action) for action in fields.get("actions", ())]
        return cls.model_construct(**{**fields, "actions": actions})
