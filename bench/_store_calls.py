"""The calls to AWS that a request makes, heard from botocore. Counted by the bench of the API and its budget's test."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

_COUNTER = b"BUCKET#"  # of requests: asked once for a share of many, see docs/limits.md
_STORE = "dynamodb"


@dataclass
class Calls:
    """`made` are named as botocore does, `dynamodb.PutItem`; `shares` are those of them that asked for a share.
    `away_seconds` passed between a request's leaving and its answer's being parsed: moto's work, not ours.
    """

    made: list[str] = field(default_factory=list)
    shares: int = 0
    away_seconds: float = 0.0
    _left_at: float = field(default=0.0, init=False, repr=False)

    def hear(self, event_name: str, params: dict[str, Any], **_: object) -> None:
        self.made.append(event_name.removeprefix("before-call."))
        self.shares += isinstance(params["body"], bytes) and _COUNTER in params["body"]

    def leave(self, **_: object) -> None:
        self._left_at = time.perf_counter()

    def come_back(self, **_: object) -> None:
        self.away_seconds += time.perf_counter() - self._left_at

    @property
    def to_store(self) -> int:
        """A transaction is one, and so is a batch."""
        return sum(name.startswith(_STORE) for name in self.made)

    @property
    def steady(self) -> int:
        """Of a caller that has a share left."""
        return self.to_store - self.shares

    @property
    def elsewhere(self) -> Counter[str]:
        """By service."""
        return Counter(name.partition(".")[0] for name in self.made if not name.startswith(_STORE))

    @property
    def by_kind(self) -> dict[str, int]:
        """The store's by their bare names."""
        return dict(Counter(self.told.split()))

    @property
    def told(self) -> str:
        """In order, the store's by their bare names."""
        return " ".join(name.removeprefix(f"{_STORE}.") for name in self.made)


@contextmanager
def counted() -> Iterator[Calls]:
    from chalicelib.aws import dynamo_connection
    from chalicelib.aws.clients import client

    calls = Calls()
    clients = [dynamo_connection.connection().client, *map(client, ("kms", "sqs", "ssm"))]
    listeners = {"before-call": calls.hear, "before-send": calls.leave, "response-received": calls.come_back}
    heard = [(each.meta.events, event, listener) for each in clients for event, listener in listeners.items()]
    for events, event, listener in heard:
        events.register_first(event, listener)  # before moto, who answers when a request leaves
    try:
        yield calls
    finally:
        for events, event, listener in heard:
            events.unregister(event, listener)
