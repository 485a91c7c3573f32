"""The declarative web push envelope: one JSON for every browser, small enough for every push service. What differs from
one recipient to the next is its receipt alone, in all the places where that stands.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

import msgspec

from chalicelib.channels.message import Message
from chalicelib.core import chance, receipts
from chalicelib.core.encoding import b64url

LARGEST_BYTES = 2_600  # Firefox for Android takes about 2,744
_ELLIPSIS = "…"
_SHORTEST_BODY = 20  # characters, as a reader counts them: less would say nothing


class DoesNotFit(Exception):
    """Even without picture, buttons and most of its body the message is too large."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Packed once for a run; for each recipient bytes are joined, no more."""

    pieces: tuple[bytes, ...]

    def __len__(self) -> int:
        return sum(map(len, self.pieces)) + receipts.LENGTH * (len(self.pieces) - 1)

    def addressed(self, receipt: bytes) -> bytes:
        return receipt.join(self.pieces)


def envelope(message: Message, *, tag: str, clicks: str) -> Envelope:
    """`tag` collapses duplicates on the device unless the message has one of its own. `clicks` is where those are
    counted: the address that a receipt is appended to.
    """
    without_image = msgspec.structs.replace(message, image=None)
    bare = msgspec.structs.replace(without_image, actions=())
    blank = _Blank(tag, clicks, b64url(chance.token(receipts.LENGTH // 4 * 3)))
    for candidate in (message, without_image, bare):
        packed = blank.packed(candidate)
        if len(packed) <= LARGEST_BYTES:
            return packed
    return blank.packed(_shortened(bare, blank))


@dataclass(frozen=True)
class _Blank:
    """`receipt` stands where receipts will: as long as one, and what no message says by chance."""

    tag: str
    clicks: str
    receipt: str

    def packed(self, message: Message) -> Envelope:
        link = self.clicks + self.receipt
        actions = [
            {"action": action.action, "title": action.title, "navigate": f"{link}{place}"}
            for place, action in enumerate(message.actions, start=1)
        ]
        document: dict[str, Any] = {
            "web_push": 8030,
            "notification": _told(message, navigate=link, actions=actions, tag=message.tag or self.tag),
            "receipt": self.receipt,
            "page": message.url,
        }
        if message.app_badge is not None:
            document["app_badge"] = message.app_badge
        return Envelope(tuple(msgspec.json.encode(document).split(self.receipt.encode())))


def _shortened(message: Message, blank: _Blank) -> Message:
    """With as much of its body as fits, cut between two characters as a reader counts them."""
    from wcwidth import iter_graphemes  # 50 ms to import, for the rare message that needs it

    characters = list(iter_graphemes(message.body))

    def with_first(count: int) -> Message:
        return msgspec.structs.replace(message, body="".join(characters[:count]).rstrip() + _ELLIPSIS)

    lengths = range(len(characters))
    longest = bisect_right(lengths, LARGEST_BYTES, key=lambda count: len(blank.packed(with_first(count)))) - 1
    if longest < _SHORTEST_BODY:
        raise DoesNotFit
    return with_first(longest)


def _told(message: Message, *, navigate: str, actions: list[dict[str, str]], tag: str) -> dict[str, Any]:
    notification: dict[str, Any] = {
        "title": message.title,
        "navigate": navigate,
        "body": message.body or None,
        "icon": message.icon,
        "image": message.image,
        "badge": message.badge,
        "tag": tag,
        "lang": message.lang,
        "silent": message.silent or None,
        "requireInteraction": message.require_interaction or None,
        "data": message.extra or None,
        "actions": actions or None,
        "app_badge": message.app_badge,
    }
    return {name: value for name, value in notification.items() if value is not None}
