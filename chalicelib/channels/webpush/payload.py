"""The declarative web push envelope: one JSON for every browser, small enough for every push service."""

from __future__ import annotations

import unicodedata
from typing import Any

import msgspec

from chalicelib.channels.message import Message

LARGEST_BYTES = 2_600  # Firefox for Android takes about 2,744
_JOINERS = {"\u200d", "\ufe0e", "\ufe0f"}
_ELLIPSIS = "…"
_SHORTEST_BODY = 24


class DoesNotFit(Exception):
    """Even without picture, buttons and most of its body the message is too large."""


def envelope(message: Message, *, tag: str) -> bytes:
    """`tag` collapses duplicates on the device unless the message has one of its own."""
    for candidate in _ever_smaller(message):
        encoded = _encode(candidate, tag)
        if len(encoded) <= LARGEST_BYTES:
            return encoded
    body = message.body
    bare = msgspec.structs.replace(message, image=None, actions=())
    while len(body) > _SHORTEST_BODY:
        body = cut(body, len(body) * 3 // 4)
        encoded = _encode(msgspec.structs.replace(bare, body=body + _ELLIPSIS), tag)
        if len(encoded) <= LARGEST_BYTES:
            return encoded
    raise DoesNotFit


def cut(text: str, length: int) -> str:
    """The longest beginning of at most `length` code points that ends between two whole characters."""
    end = min(length, len(text))
    while 0 < end < len(text) and _is_glued(text[end - 1], text[end]):
        end -= 1
    return text[:end].rstrip()


def _is_glued(before: str, after: str) -> bool:
    if before == "\u200d" or after in _JOINERS or unicodedata.combining(after):
        return True
    return any(start <= ord(after) <= stop for start, stop in ((0x1F3FB, 0x1F3FF), (0x1F1E6, 0x1F1FF)))


def _ever_smaller(message: Message) -> list[Message]:
    without_image = msgspec.structs.replace(message, image=None)
    return [message, without_image, msgspec.structs.replace(without_image, actions=())]


def _encode(message: Message, tag: str) -> bytes:
    notification: dict[str, Any] = {
        "title": message.title,
        "navigate": message.url,
        "body": message.body or None,
        "icon": message.icon,
        "image": message.image,
        "badge": message.badge,
        "tag": message.tag or tag,
        "lang": message.lang,
        "silent": message.silent or None,
        "requireInteraction": message.require_interaction or None,
        "data": message.extra or None,
        "actions": [
            {"action": action.action, "title": action.title, "navigate": action.url} for action in message.actions
        ]
        or None,
        "app_badge": message.app_badge,
    }
    document: dict[str, Any] = {
        "web_push": 8030,
        "notification": {name: value for name, value in notification.items() if value is not None},
    }
    if message.app_badge is not None:
        document["app_badge"] = message.app_badge
    return msgspec.json.encode(document)
