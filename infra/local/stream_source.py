"""A DynamoDB stream to one function, as Lambda's event source mapping does it: in order, again until it succeeds.

moto has one shard per stream and forgets nothing, so a checkpoint is one sequence number; it rides in the snapshot.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core.ports import Clock
from infra.local import aws
from infra.local.attribute_values import wire_value
from infra.local.invocation import Failed, Function

_LONGEST_NAP_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 60

Record = dict[str, Any]


class NoStream(LookupError):
    """A handler listens to a table that has no stream."""


class StreamSource:
    workers = 1

    def __init__(
        self,
        function: Function,
        table_name: str,
        *,
        clock: Clock,
        batch_size: int = 100,
        starts_at: str = "LATEST",
        checkpoint: str | None = None,
    ) -> None:
        self.function = function
        self.table_name = table_name
        self.checkpoint = checkpoint
        self._clock = clock
        self._batch_size = batch_size
        self._streams = aws.client("dynamodbstreams")
        self._arn = _stream_arn(table_name)
        description = self._streams.describe_stream(StreamArn=self._arn)["StreamDescription"]
        self._shard_id: str = description["Shards"][0]["ShardId"]
        self._attempts = 0
        self._paused_until: datetime | None = None
        self._woken = threading.Event()
        if checkpoint is None and starts_at == "LATEST":
            self._skip()

    @property
    def source(self) -> str:
        return self.table_name

    def step(self, *, wait_seconds: int = 0) -> int:
        records = [] if self._is_paused() else self._read(self._batch_size)
        if records:
            self._run(records)
            return 1
        if wait_seconds:
            self._woken.wait(min(wait_seconds, _LONGEST_NAP_SECONDS))
            self._woken.clear()
        return 0

    def wake(self) -> None:
        self._woken.set()

    def _is_paused(self) -> bool:
        return self._paused_until is not None and self._clock.now() < self._paused_until

    def _skip(self) -> None:
        while records := self._read(1000):
            self.checkpoint = records[-1]["dynamodb"]["SequenceNumber"]

    def _read(self, count: int) -> list[Record]:
        place = {"ShardIteratorType": "TRIM_HORIZON"}
        if self.checkpoint:
            place = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": self.checkpoint}
        made = self._streams.get_shard_iterator(StreamArn=self._arn, ShardId=self._shard_id, **place)
        records: list[Record] = self._streams.get_records(ShardIterator=made["ShardIterator"], Limit=count)["Records"]
        return records

    def _run(self, records: list[Record]) -> None:
        try:
            answer = self.function.invoke({"Records": [self._record(record) for record in records]})
            done = _before_first_failure(answer, records)
        except Failed:
            done = []
        if done:
            self.checkpoint = done[-1]["dynamodb"]["SequenceNumber"]
        if len(done) == len(records):
            self._attempts, self._paused_until = 0, None
            return
        pause = min(2**self._attempts, _LONGEST_PAUSE_SECONDS)
        self._attempts += 1
        self._paused_until = self._clock.now() + timedelta(seconds=pause)

    def _record(self, record: Record) -> Record:
        change = dict(record["dynamodb"])
        change["ApproximateCreationDateTime"] = change["ApproximateCreationDateTime"].timestamp()
        for part in ("Keys", "NewImage", "OldImage"):
            if part in change:
                change[part] = {name: wire_value(value) for name, value in change[part].items()}
        return {
            "eventID": record["eventID"],
            "eventName": record["eventName"],
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": aws.REGION,
            "dynamodb": change,
            "eventSourceARN": self._arn,
        }


def _stream_arn(table_name: str) -> str:
    arn = aws.client("dynamodb").describe_table(TableName=table_name)["Table"].get("LatestStreamArn")
    if not arn:
        raise NoStream(f"{table_name} has no stream; the parameter CoreStream switches that of core on")
    return str(arn)


def _before_first_failure(answer: Any, records: list[Record]) -> list[Record]:
    """Lambda's rules for `ReportBatchItemFailures`: from the lowest reported record on, all come again."""
    if not isinstance(answer, dict) or not answer.get("batchItemFailures"):
        return records
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    try:
        first = min(numbers.index(failure["itemIdentifier"]) for failure in answer["batchItemFailures"])
    except (TypeError, KeyError, ValueError):
        return []
    return records[:first]
