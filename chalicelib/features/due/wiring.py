"""The calendar on DynamoDB and SQS."""

from __future__ import annotations

from functools import cache

from chalicelib.aws import telemetry
from chalicelib.aws.queues import Queue
from chalicelib.features.due.model import DueMessage
from chalicelib.features.due.service import Due


class _Queues:
    def send(self, queue: str, message: DueMessage, *, delay_seconds: int) -> None:
        Queue(queue).send(message, group=message.tenant, delay_seconds=delay_seconds)


@cache
def due() -> Due:
    from chalicelib.features.due.store import DueEntries

    return Due(entries=DueEntries(), wakes=_Queues(), alarm=telemetry.alarm)
