"""Workers that die at one chosen call, and others that come in between at one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from chalicelib.aws.clients import client
from chalicelib.aws.dynamo_connection import connection
from tests.journeys.shop import Shop


class Killed(BaseException):
    """Nothing in between hears of it, as of a process that is no more."""


def _die() -> None:
    raise Killed


class Interruption:
    """Lets so many calls to DynamoDB, SQS and S3 through, and strikes at the next: before it leaves, or when it is `done`
    and nobody has heard.
    """

    def __init__(self, *, after: int, done: bool = False, strike: Callable[[], object] = _die) -> None:
        self._left = after
        self._event = "after-call" if done else "before-call"
        self._strike = strike
        self._clients = [connection().client, client("sqs"), client("s3")]
        self.has_struck = False

    def __enter__(self) -> Self:
        for each in self._clients:
            each.meta.events.register_first(self._event, self._count)
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._clients:
            each.meta.events.unregister(self._event, self._count)

    def _count(self, **_: Any) -> None:
        self._left -= 1
        if self._left < 0 and not self.has_struck:
            self.has_struck = True
            self._strike()


def dies(shop: Shop, body: str, *, after: int, done: bool) -> bool:
    """Whether the worker that is handed this does so before it has come to its end."""
    with Interruption(after=after, done=done) as death:
        try:
            shop.world.lambdas.deliver("privacy", body)
        except Killed:
            return True
    assert not death.has_struck
    return False
