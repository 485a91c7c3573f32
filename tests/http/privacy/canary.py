"""A subscriber whose every word is like nobody else's, looked for wherever anything is kept: tables, blobs, queues."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chalicelib.core.encoding import unb64url
from tests.journeys.shop import QUEUES, Shop

_EXTERNAL_ID = "canary-7f3a-Ünique"


@dataclass(frozen=True)
class Canary:
    """Two browsers, one of which has left; an invitation; and an answer kept for a replay that names them."""

    external_id: str
    email: str
    subscription_ids: tuple[str, str]
    endpoint: str
    p256dh: str
    auth: str
    notification: dict[str, Any]

    @classmethod
    def of(cls, shop: Shop) -> Canary:
        words = {
            "tags": [cls.word("tag")],
            "attributes": {"nickname": cls.word("nickname")},
            "timezone": "Pacific/Chatham",
            "consent": {"text": cls.word("consent"), "version": cls.word("version")},
        }
        alive, left = shop.subscribe(**words), shop.subscribe(**words)
        ids = (alive["subscription_id"], left["subscription_id"])
        for subscription_id in ids:
            path = f"{shop.audience}/{subscription_id}"
            shop.ask("PATCH", path, json={"external_id": _EXTERNAL_ID})
        shop.ask("DELETE", f"{shop.audience}/{ids[1]}", expect=204)
        email = "canary-4d1c@example.com"
        invited = {"email": email, "role": "editor"}
        assert shop.world.client.post("/v1/invitations", as_=shop.owner, json=invited).status == 201
        notification = {
            "to": {"external_ids": [_EXTERNAL_ID, "nobody"]},
            "message": {"title": "Hi", "body": "you", "url": "https://shop.example/"},
        }
        headers = {"Idempotency-Key": "canary"}
        shop.ask("POST", shop.notifications, json=notification, headers=headers, expect=202)
        unreached = notification | {"to": {"subscription_ids": [ids[1]]}}
        answer = shop.world.client.post(
            shop.notifications, as_=shop.bearer, json=unreached, headers={"Idempotency-Key": "canary that left"}
        )
        assert ids[1] in answer.text, answer.text
        shop.settle()
        keys = alive["keys"]
        return cls(_EXTERNAL_ID, email, ids, alive["endpoint"], keys["p256dh"], keys["auth"], notification)

    @staticmethod
    def word(name: str) -> str:
        return f"{name}-of-the-canary-91c2"

    def found(self, shop: Shop) -> list[tuple[str, str]]:
        """Where, and which word. In runs and in the audit log their bare id may stay: docs/privacy.md says why."""
        hexes = {each.removeprefix("sub_") for each in self.subscription_ids}
        keys = hexes | {bytes.fromhex(each).decode("latin-1") for each in hexes}
        return [
            (place, word)
            for place, text in _everything(shop)
            for word in {*self._words(), *keys}
            if _holds(text, word) and not (word in keys and place.startswith(("A#", "C#")))
        ]

    def _words(self) -> Iterator[str]:
        yield from (self.external_id, self.email, self.endpoint, self.p256dh, self.auth, "Pacific/Chatham")
        yield hashlib.sha256(self.external_id.encode()).digest()[:8].decode("latin-1")
        yield from (self.word(name) for name in ("tag", "nickname", "consent", "version"))
        yield from (unb64url(key).decode("latin-1") for key in (self.p256dh, self.auth))


def _everything(shop: Shop) -> Iterator[tuple[str, str]]:
    """From the tables themselves, so that one that is new tomorrow is looked into tomorrow."""
    aws = shop.world.aws
    for row in aws.rows():
        yield f"{row['pk']} {row['sk']}", _text(row)
    yield from ((key, key + body.decode("latin-1")) for key, body in aws.blobs().items())
    for queue in QUEUES:
        yield from ((queue, body) for body in shop.world.lambdas.bodies(queue))


def _text(value: Any) -> str:
    """Every text in it as it is, and bytes both as what they spell and one by one."""
    match value:
        case dict():
            return "\0".join(f"{_text(key)}\0{_text(inner)}" for key, inner in value.items())
        case list() | tuple():
            return "\0".join(map(_text, value))
        case bytes():
            return value.decode("latin-1") + "\0" + value.decode("utf-8", errors="replace")
    return str(value)


def _holds(text: str, word: str) -> bool:
    return word in text or json.dumps(word)[1:-1] in text
