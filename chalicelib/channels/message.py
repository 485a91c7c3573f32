"""What a sender wants to say, before any channel gives it a shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

Urgency = Literal["very-low", "low", "normal", "high"]
DEFAULT_TTL_SECONDS = 86_400


class Action(msgspec.Struct, frozen=True, kw_only=True):
    action: str
    title: str
    url: str


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Stored with campaigns and runs: fields are added with defaults, never renamed."""

    title: str
    url: str
    body: str = ""
    icon: str | None = None
    image: str | None = None
    badge: str | None = None
    tag: str | None = None
    lang: str | None = None
    actions: tuple[Action, ...] = ()
    ttl_seconds: int = DEFAULT_TTL_SECONDS
    urgency: Urgency = "normal"
    topic: str | None = None
    require_interaction: bool = False
    silent: bool = False
    app_badge: int | None = None
    extra: dict[str, str | int | float | bool] = {}


def message_of(fields: Mapping[str, Any]) -> Message:
    return msgspec.convert(fields, Message)


def fields_of(message: Message) -> dict[str, Any]:
    """All of them, also those that say nothing."""
    fields = msgspec.structs.asdict(message)
    return fields | {"actions": [msgspec.structs.asdict(action) for action in message.actions]}
