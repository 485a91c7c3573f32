"""The calendar on DynamoDB and SQS. What moves an entry is for wirings of owners that do so with themselves."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from chalicelib.aws import telemetry
from chalicelib.aws.queues import Queue
from chalicelib.features.due.model import DueMessage, Move
from chalicelib.features.due.service import Due

if TYPE_CHECKING:
    from chalicelib.aws.dynamo import Write


class _Queues:
    def send(self, queue: str, message: DueMessage, *, delay_seconds: int) -> None:
        Queue(queue).send(message, group=message.tenant, delay_seconds=delay_seconds)


@cache
def due() -> Due:
    from chalicelib.features.due.store import DueEntries

    return Due(entries=DueEntries(), wakes=_Queues(), alarm=telemetry.alarm)


def entry_moving() -> Callable[[Move], list[Write]]:
    from chalicelib.features.due.store import moving

    return moving
