"""What the local runner is doing, as plain values: for the console, and for tests that ask what is left to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from infra.local import aws
from infra.local.invocation import Tally

_DEAD_LETTERS = "-dlq"


@dataclass(frozen=True)
class QueueStatus:
    name: str
    ready: int
    delayed: int
    in_flight: int
    dead_letters: int


@dataclass(frozen=True)
class HandlerStatus:
    """`source` is the queue, the table of the stream, or the expression of the schedule."""

    name: str
    source: str
    tally: Tally


@dataclass(frozen=True)
class ScheduleStatus:
    name: str
    expression: str
    last_at: datetime | None
    next_at: datetime | None


@dataclass(frozen=True)
class Status:
    at: datetime
    queues: list[QueueStatus]
    handlers: list[HandlerStatus]
    schedules: list[ScheduleStatus]


def queues(prefix: str) -> Iterator[QueueStatus]:
    """Every queue of the installation by its short name, also one that nobody listens to."""
    urls = aws.client("sqs").list_queues(QueueNamePrefix=f"{prefix}-").get("QueueUrls", [])
    by_name = {url.rsplit("/", 1)[1].removeprefix(f"{prefix}-"): url for url in urls}
    for name, url in sorted(by_name.items()):
        if not name.endswith(_DEAD_LETTERS):
            ready, delayed, in_flight = _depths(url)
            dead = sum(_depths(by_name[name + _DEAD_LETTERS])) if name + _DEAD_LETTERS in by_name else 0
            yield QueueStatus(name, ready, delayed, in_flight, dead)


def _depths(url: str) -> tuple[int, int, int]:
    names = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "Delayed", "NotVisible")]
    answer = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    ready, delayed, in_flight = (int(answer[name]) for name in names)
    return ready, delayed, in_flight
