"""The calls to AWS that a request makes, heard from botocore. Counted by the bench of the API and its budget's test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

_COUNTER = b"BUCKET#"  # of requests: asked once for a share of many, see docs/limits.md
_STORE = "dynamodb"


@dataclass
class Calls:
    """`made` are named as botocore does, `dynamodb.PutItem`; `shares` are those of them that asked for a share."""

    made: list[str] = field(default_factory=list)
    shares: int = 0

    def hear(self, event_name: str, params: dict[str, Any], **_: object) -> None:
        self.made.append(event_name.removeprefix("before-call."))
        self.shares += isinstance(params["body"], bytes) and _COUNTER in params["body"]

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
    def told(self) -> str:
        """In order, the store's by their bare names."""
        return " ".join(name.removeprefix(f"{_STORE}.") for name in self.made)


@contextmanager
def counted() -> Iterator[Calls]:
    from chalicelib.aws import dynamo_connection
    from chalicelib.aws.clients import client

    calls = Calls()
    clients = [dynamo_connection.connection().client, *map(client, ("kms", "sqs", "ssm"))]
    events = [each.meta.events for each in clients]
    for each in events:
        each.register_first("before-call", calls.hear)
    try:
        yield calls
    finally:
        for each in events:
            each.unregister("before-call", calls.hear)
