"""A whole local AWS for each test that asks for one, and small hands to reach into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.local import aws, moto_patch, snapshot
from infra.local.clock import LocalClock


class Sqs:
    """One queue, spoken to as a sender would."""

    def __init__(self, name: str) -> None:
        self.sqs = aws.client("sqs")
        self.url: str = self.sqs.get_queue_url(QueueName=name)["QueueUrl"]

    def send(self, *bodies: str, delay_seconds: int = 0, **more: Any) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body, DelaySeconds=delay_seconds, **more)

    def receive(self) -> list[str]:
        answer = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
        return [message["Body"] for message in answer.get("Messages", [])]


QueueOf = Callable[[str], Sqs]


@pytest.fixture
def resources() -> Iterator[str]:
    """A new AWS with everything in it, for this test alone; yields the prefix."""
    with aws.running():
        if not _fresh:
            aws.create_resources("test")
            _fresh.append(snapshot.capture())
        snapshot.restore(_fresh[0])
        yield "test"


_fresh: list[bytes] = []


@pytest.fixture
def clock(resources: str) -> LocalClock:
    """Stands still, and the queues go by it."""
    standing = LocalClock(stands_at=datetime(2030, 6, 5, 12, 0, 30, tzinfo=UTC))
    moto_patch.follow(standing)
    return standing


@pytest.fixture
def queue(resources: str) -> QueueOf:
    return lambda name: Sqs(f"{resources}-{name}")
