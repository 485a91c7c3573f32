"""Lambda's side of SQS, on demand: takes what waits in a queue to the app's own handler, as AWS would spell it."""

from __future__ import annotations

from typing import Any

from chalice.app import SQSEventConfig
from chalice.local import LambdaContext
from moto.sqs.models import sqs_backends

from app import app
from infra.local import aws

_MOST_MESSAGES = 10_000


class Lambdas:
    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._sqs = aws.client("sqs")

    def work(self, queue: str) -> int:
        """Delivers until the queue shows nothing, as many at once as the handler takes; returns how many. A handler that
        raises leaves its messages unseen, and one that names some as failed leaves those.
        """
        name, handler = self._handler(queue)
        url, at_once, delivered = self._url(queue), self._source(queue).batch_size, 0
        while delivered < _MOST_MESSAGES:
            received = self._receive(url, at_once)
            if not received:
                return delivered
            answer = handler({"Records": [self._record(queue, each) for each in received]}, context(name))
            failed = {failure["itemIdentifier"] for failure in (answer or {}).get("batchItemFailures", ())}
            for each in received:
                if each["MessageId"] not in failed:
                    self._sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
            delivered += len(received)
        raise AssertionError(f"queue {queue} never runs empty")

    def fire(self, name: str) -> None:
        """Calls a cron's handler, as EventBridge does when its time has come."""
        event = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}, "resources": [], "id": "test"}
        app.handler_map[name](event | {"version": "0", "account": "", "region": "", "time": ""}, context(name))

    def deliver(self, queue: str, body: str, *, attempt: int = 1) -> None:
        """Calls the queue's handler with a body of the test's own."""
        name, handler = self._handler(queue)
        received = {"MessageId": "test", "ReceiptHandle": "test", "Body": body, "Attributes": {}, "MD5OfBody": ""}
        received["Attributes"] = {"ApproximateReceiveCount": str(attempt)}
        handler({"Records": [self._record(queue, received)]}, context(name))

    def bodies(self, queue: str) -> list[str]:
        """What waits, left where it is."""
        messages: list[Any] = sqs_backends[aws.ACCOUNT][aws.REGION].queues[f"{self._prefix}-{queue}"]._messages
        return [message.body for message in messages]

    def waiting(self, queue: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._url(queue), AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    def _handler(self, queue: str) -> tuple[str, Any]:
        name = str(self._source(queue).name)
        return name, app.handler_map[name]

    def _source(self, queue: str) -> SQSEventConfig:
        sources = [
            source for source in app.event_sources if isinstance(source, SQSEventConfig) and source.queue == queue
        ]
        assert len(sources) == 1, f"{len(sources)} handlers for queue {queue}"
        return sources[0]

    def _url(self, queue: str) -> str:
        return str(self._sqs.get_queue_url(QueueName=f"{self._prefix}-{queue}")["QueueUrl"])

    def _receive(self, url: str, most: int) -> list[dict[str, Any]]:
        """SQS gives ten at once; of what takes more, Lambda asks again."""
        found: list[dict[str, Any]] = []
        while len(found) < most:
            wanted = min(most - len(found), 10)
            answer = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=wanted, AttributeNames=["All"])
            found += (more := answer.get("Messages", []))
            if not more:
                break
        return found

    def _record(self, queue: str, received: dict[str, Any]) -> dict[str, Any]:
        return {
            "messageId": received["MessageId"],
            "receiptHandle": received["ReceiptHandle"],
            "body": received["Body"],
            "attributes": received["Attributes"],
            "messageAttributes": {},
            "md5OfBody": received["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{aws.REGION}:{aws.ACCOUNT}:{self._prefix}-{queue}",
            "awsRegion": aws.REGION,
        }


def context(function_name: str, *, seconds: float = 60) -> LambdaContext:
    return LambdaContext(function_name=function_name, memory_size=256, max_runtime_ms=int(seconds * 1000))
