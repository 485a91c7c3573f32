"""The declarative web push envelope: one JSON for every browser, small enough for every push service."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

import msgspec

from chalicelib.channels.message import Message

LARGEST_BYTES = 2_600  # Firefox for Android takes about 2,744
_ELLIPSIS = "…"
_SHORTEST_BODY = 20  # characters, as a reader counts them: less would say nothing


class DoesNotFit(Exception):
    """Even without picture, buttons and most of its body the message is too large."""


def envelope(message: Message, *, tag: str) -> bytes:
    """`tag` collapses duplicates on the device unless the message has one of its own."""
    without_image = msgspec.structs.replace(message, image=None)
    bare = msgspec.structs.replace(without_image, actions=())
    for candidate in (message, without_image, bare):
        encoded = _encode(candidate, tag)
        if len(encoded) <= LARGEST_BYTES:
            return encoded
    return _encode(_shortened(bare, tag), tag)


def _shortened(message: Message, tag: str) -> Message:
    """With as much of its body as fits, cut between two characters as a reader counts them."""
    from wcwidth import iter_graphemes  # 50 ms to import, for the rare message that needs it

    characters = list(iter_graphemes(message.body))

    def with_first(count: int) -> Message:
        return msgspec.structs.replace(message, body="".join(characters[:count]).rstrip() + _ELLIPSIS)

    lengths = range(len(characters))
    longest = bisect_right(lengths, LARGEST_BYTES, key=lambda count: len(_encode(with_first(count), tag))) - 1
    if longest < _SHORTEST_BODY:
        raise DoesNotFit
    return with_first(longest)


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
