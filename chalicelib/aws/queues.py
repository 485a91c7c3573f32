"""Sending to SQS. A message is a msgspec Struct; its tenant is the message group, so that standard queues stay fair."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.clients import client
from chalicelib.aws.messages import Message
from chalicelib.config import settings
from chalicelib.core.errors import Unavailable

LONGEST_DELAY_SECONDS = 900
_BATCH = 10
_FIT_FOR_A_GROUP = re.compile(r"[!-~]{1,128}")  # newer code may have put anything there
_ROUNDS = 4


@dataclass(frozen=True)
class Queue:
    """One queue by its short name."""

    short_name: str

    def send(self, message: Message, *, group: str, delay_seconds: int = 0) -> None:
        self.send_many([message], group=group, delay_seconds=delay_seconds)

    def send_many(self, messages: Iterable[Message], *, group: str, delay_seconds: int = 0) -> int:
        """Returns the number of calls it took. What SQS refuses is sent again; what it still refuses is an error."""
        stream = iter(messages)
        calls = 0
        while chunk := list(islice(stream, _BATCH)):
            bodies = [msgspec.json.encode(message).decode() for message in chunk]
            calls += self._send_chunk(bodies, group, delay_seconds)
        return calls

    def put_back(self, body: str, *, delay_seconds: int) -> None:
        """A message from the future returns to the queue as it came."""
        tenant = json.loads(body).get("tenant")
        is_fit = isinstance(tenant, str) and _FIT_FOR_A_GROUP.fullmatch(tenant)
        self._send_chunk([body], tenant if is_fit else "-", delay_seconds)

    def _send_chunk(self, bodies: Sequence[str], group: str, delay_seconds: int) -> int:
        entries = [
            {
                "Id": str(position),
                "MessageBody": body,
                "MessageGroupId": group,
                "DelaySeconds": min(LONGEST_DELAY_SECONDS, max(0, delay_seconds)),
            }
            for position, body in enumerate(bodies)
        ]
        for call in range(1, _ROUNDS + 1):
            refused = self._send_entries(entries)
            if not refused:
                return call
            entries = [entry for entry in entries if entry["Id"] in refused]
        raise Unavailable

    def _send_entries(self, entries: Sequence[dict[str, object]]) -> set[str]:
        try:
            answer = client("sqs").send_message_batch(QueueUrl=_url(self.short_name), Entries=entries)
        except (ClientError, BotoCoreError) as error:
            raise Unavailable from error
        return {failure["Id"] for failure in answer.get("Failed", [])}


@cache
def _url(short_name: str) -> str:
    try:
        return str(client("sqs").get_queue_url(QueueName=f"{settings().prefix}-{short_name}")["QueueUrl"])
    except (ClientError, BotoCoreError) as error:
        raise Unavailable from error
