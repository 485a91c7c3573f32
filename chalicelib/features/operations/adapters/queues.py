"""SQS as an operator sees it. Dead letters are moved by hand, a few at a time: each is sent before it is deleted, so a
crash in between leaves one too many and never one too few.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.clients import client
from chalicelib.config import settings
from chalicelib.core.clock import from_milliseconds
from chalicelib.core.errors import Unavailable
from chalicelib.features.operations.model import DeadLetter, Depth
from chalicelib.features.operations.service import MOST_REVIVED

_ASK_ALL_SERVERS_SECONDS = 1  # a poll that does not wait asks only some of them, and may find an empty queue full
_MOVED_WITHIN_SECONDS = 30
_DEPTHS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class SqsQueues:
    def depth(self, name: str) -> Depth:
        found = _ask("get_queue_attributes", QueueUrl=_url(name), AttributeNames=list(_DEPTHS))["Attributes"]
        return Depth(*(int(found[attribute]) for attribute in _DEPTHS))

    def dead_depth(self, name: str) -> Depth:
        return self.depth(_dead(name))

    def dead_letters(self, name: str) -> Sequence[DeadLetter]:
        return [_dead_letter(message) for message in _receive(name, hidden_seconds=0)]

    def revive(self, name: str) -> int:
        """What SQS does not take back stays where it is. What it does not delete is not counted: it comes once more."""
        messages = _receive(name, hidden_seconds=_MOVED_WITHIN_SECONDS)
        if not messages:
            return 0
        entries = [_entry(position, message) for position, message in enumerate(messages)]
        sent = _ask("send_message_batch", QueueUrl=_url(name), Entries=entries).get("Successful", [])
        done = [{"Id": entry["Id"], "ReceiptHandle": messages[int(entry["Id"])]["ReceiptHandle"]} for entry in sent]
        if not done:
            return 0
        deleted = _ask("delete_message_batch", QueueUrl=_url(_dead(name)), Entries=done)
        return len(deleted.get("Successful", []))


def _receive(name: str, *, hidden_seconds: int) -> list[dict[str, Any]]:
    answer = _ask(
        "receive_message",
        QueueUrl=_url(_dead(name)),
        MaxNumberOfMessages=MOST_REVIVED,
        VisibilityTimeout=hidden_seconds,
        WaitTimeSeconds=_ASK_ALL_SERVERS_SECONDS,
        MessageSystemAttributeNames=["All"],
    )
    found: list[dict[str, Any]] = answer.get("Messages", [])
    return found


def _entry(position: int, message: dict[str, Any]) -> dict[str, Any]:
    """In the group that it was in, which is its tenant's: what is revived must not push in front of others."""
    group = message["Attributes"].get("MessageGroupId")
    return {"Id": str(position), "MessageBody": message["Body"], **({"MessageGroupId": group} if group else {})}


def _dead_letter(message: dict[str, Any]) -> DeadLetter:
    attributes = message["Attributes"]
    return DeadLetter(
        id=message["MessageId"],
        sent_at=from_milliseconds(int(attributes["SentTimestamp"])),
        receives=int(attributes["ApproximateReceiveCount"]),
        group=attributes.get("MessageGroupId"),
    )


def _dead(name: str) -> str:
    return f"{name}-dlq"


@cache
def _url(short_name: str) -> str:
    return str(_ask("get_queue_url", QueueName=f"{settings().prefix}-{short_name}")["QueueUrl"])


def _ask(operation: str, **request: Any) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = getattr(client("sqs"), operation)(**request)
    except (ClientError, BotoCoreError) as error:
        raise Unavailable from error
    return answer
