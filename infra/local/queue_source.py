"""SQS to one function, as Lambda's event source mapping does it: batches in, deletions out. The runner turns its wheel.

SQS itself keeps visibility, counts receives and moves what failed too often to the dead letter queue.
"""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from infra.local import aws
from infra.local.invocation import Failed, Function

LOG = logging.getLogger("local.runner")
_MOST_AT_ONCE = 10

Message = dict[str, Any]


class QueueSource:
    """`retry_after_seconds` stands in for the rest of the queue's visibility: locally nobody waits six minutes."""

    def __init__(
        self,
        function: Function,
        queue_name: str,
        *,
        batch_size: int = 1,
        concurrency: int = 1,
        retry_after_seconds: int | None = None,
    ) -> None:
        self.function = function
        self.queue_name = queue_name
        self.workers = concurrency
        self._batch_size = batch_size
        self._retry_after_seconds = retry_after_seconds
        self._sqs = aws.client("sqs")
        self._url: str = self._sqs.get_queue_url(QueueName=queue_name)["QueueUrl"]
        self._arn = f"arn:aws:sqs:{aws.REGION}:{aws.ACCOUNT}:{queue_name}"
        self._turn = threading.Lock()
        self._wakes = 0

    @property
    def source(self) -> str:
        return self.queue_name

    def step(self, *, wait_seconds: int = 0) -> int:
        """Receives one batch and runs it; returns how many invocations that was. One worker waits, the others work."""
        wakes = self._wakes
        with self._turn:
            messages = list(self._receive(wait_seconds)) if self._wakes == wakes else []
        if messages:
            self._run(messages)
        return bool(messages)

    def wake(self) -> None:
        """Sends those who queue for their turn back to ask whether they are still wanted."""
        self._wakes += 1

    def _receive(self, wait_seconds: int) -> Iterator[Message]:
        wanted = self._batch_size
        while wanted > 0:
            received = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(wanted, _MOST_AT_ONCE),
                WaitTimeSeconds=wait_seconds,
                MessageAttributeNames=["All"],
                AttributeNames=["All"],
            ).get("Messages", [])
            yield from received
            if not received:
                return
            wanted -= len(received)
            wait_seconds = 0

    def _run(self, messages: Sequence[Message]) -> None:
        event = {"Records": [self._record(message) for message in messages]}
        try:
            failed = _failed_ids(self.function.invoke(event), {message["MessageId"] for message in messages})
        except Failed:
            failed = {message["MessageId"] for message in messages}
        self._delete([message for message in messages if message["MessageId"] not in failed])
        self._return([message for message in messages if message["MessageId"] in failed])

    def _delete(self, messages: Sequence[Message]) -> None:
        for entries in _entries(messages):
            answer = self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)
            for refused in answer.get("Failed", []):
                LOG.warning("%s: a message done could not be deleted: %s", self.queue_name, refused["Message"])

    def _return(self, messages: Sequence[Message]) -> None:
        if self._retry_after_seconds is None:
            return
        for entries in _entries(messages, VisibilityTimeout=self._retry_after_seconds):
            self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)

    def _record(self, message: Message) -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": {name: _attribute(a) for name, a in message.get("MessageAttributes", {}).items()},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._arn,
            "awsRegion": aws.REGION,
        }


def _attribute(attribute: dict[str, Any]) -> dict[str, Any]:
    record = {"stringListValues": [], "binaryListValues": [], "dataType": attribute["DataType"]}
    if "BinaryValue" in attribute:
        return record | {"binaryValue": base64.b64encode(attribute["BinaryValue"]).decode()}
    return record | {"stringValue": attribute["StringValue"]}


def _failed_ids(answer: Any, ids: set[str]) -> set[str]:
    """Lambda's rules for `ReportBatchItemFailures`: nothing reported is success, anything unintelligible fails all."""
    if not isinstance(answer, dict) or not answer.get("batchItemFailures"):
        return set()
    try:
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
    except (TypeError, KeyError):
        return ids
    return failed if failed.issubset(ids) else ids


def _entries(messages: Sequence[Message], **more: Any) -> Iterable[list[dict[str, Any]]]:
    for first in range(0, len(messages), _MOST_AT_ONCE):
        chunk = messages[first : first + _MOST_AT_ONCE]
        yield [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} | more for n, m in enumerate(chunk)]
