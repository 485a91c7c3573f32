"""A table's stream reaches its handler: in order, whole, again until it succeeds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from chalice.app import Chalice, DynamoDBEvent

from infra.local import aws, moto_patch, snapshot
from infra.local.clock import LocalClock
from infra.local.runner import Runner
from infra.local.stream_source import NoStream
from tests.adapters.local_aws.test_queue_source import until

Batches = list[list[dict[str, Any]]]


@pytest.fixture
def streamed() -> Iterator[LocalClock]:
    """The production template with its stream switched on."""
    clock = LocalClock(stands_at=datetime(2030, 6, 5, 12, tzinfo=UTC))
    with aws.running():
        if not _fresh:
            aws.create_resources("test", parameters={"CoreStream": "on"})
            _fresh.append(snapshot.capture())
        snapshot.restore(_fresh[0])
        moto_patch.follow(clock)
        yield clock


_fresh: list[bytes] = []


@pytest.fixture
def app() -> Chalice:
    return Chalice("small", configure_logs=False)


def listen(app: Chalice, *, answers: list[Any] | None = None, stream: str = "core", **settings: Any) -> Batches:
    batches: Batches = []

    @app.on_dynamodb_record(stream_arn=stream, name="watch", **settings)
    def watch(event: DynamoDBEvent) -> Any:
        batches.append(event.to_dict()["Records"])
        answer = answers.pop(0) if answers else None
        if isinstance(answer, BaseException):
            raise answer
        return answer(batches[-1]) if callable(answer) else answer

    return batches


def put(sk: str, **attributes: Any) -> None:
    aws.client("dynamodb").put_item(TableName="test-core", Item={"pk": {"S": "T#1"}, "sk": {"S": sk}} | attributes)


def names(batches: Batches) -> list[list[str]]:
    return [[record["dynamodb"]["Keys"]["sk"]["S"] for record in batch] for batch in batches]


def test_an_event_has_the_shape_lambda_gives_it(app: Chalice, streamed: LocalClock) -> None:
    batches = listen(app)
    runner = Runner(app, clock=streamed, prefix="test")
    values = {
        "b": {"B": b"\x00\xff"},
        "m": {"M": {"l": {"L": [{"BOOL": True}, {"B": b"x"}, {"NULL": True}]}}},
        "s": {"SS": ["a"]},
    }
    put("a", n={"N": "1"})
    put("a", **values)
    aws.client("dynamodb").delete_item(TableName="test-core", Key={"pk": {"S": "T#1"}, "sk": {"S": "a"}})
    assert runner.drain() == 1
    ((insert, modify, remove),) = json.loads(json.dumps(batches))
    assert [record["eventName"] for record in (insert, modify, remove)] == ["INSERT", "MODIFY", "REMOVE"]
    for record in (insert, modify, remove):
        assert record["eventSource"] == "aws:dynamodb"
        assert record["eventVersion"] == "1.1"
        assert record["awsRegion"] == "eu-central-1"
        assert record["eventSourceARN"].startswith("arn:aws:dynamodb:eu-central-1:123456789012:table/test-core/stream/")
        assert record["dynamodb"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
        assert record["dynamodb"]["SizeBytes"] > 0
        assert isinstance(record["dynamodb"]["ApproximateCreationDateTime"], float)
    keys = {"pk": {"S": "T#1"}, "sk": {"S": "a"}}
    spelled = {
        "b": {"B": "AP8="},
        "m": {"M": {"l": {"L": [{"BOOL": True}, {"B": "eA=="}, {"NULL": True}]}}},
        "s": {"SS": ["a"]},
    }
    assert insert["dynamodb"]["NewImage"] == modify["dynamodb"]["OldImage"] == keys | {"n": {"N": "1"}}
    assert modify["dynamodb"]["NewImage"] == remove["dynamodb"]["OldImage"] == keys | spelled
    assert (
        insert["dynamodb"]["SequenceNumber"]
        < modify["dynamodb"]["SequenceNumber"]
        < remove["dynamodb"]["SequenceNumber"]
    )


def test_records_come_in_order_and_in_batches(app: Chalice, streamed: LocalClock) -> None:
    batches = listen(app, batch_size=4)
    runner = Runner(app, clock=streamed, prefix="test")
    for sk in "abcdefghi":
        put(sk)
    assert runner.drain() == 3
    assert names(batches) == [list("abcd"), list("efgh"), ["i"]]
    assert runner.drain() == 0


def test_a_failing_batch_comes_again_and_holds_the_rest(app: Chalice, streamed: LocalClock) -> None:
    batches = listen(app, batch_size=2, answers=[RuntimeError("no"), RuntimeError("no")])
    runner = Runner(app, clock=streamed, prefix="test")
    for sk in "abc":
        put(sk)
    assert runner.drain() == 1
    streamed.advance(1)
    assert runner.drain() == 1
    streamed.advance(1)
    assert runner.drain() == 0
    streamed.advance(1)
    assert runner.drain() == 2
    assert names(batches) == [["a", "b"], ["a", "b"], ["a", "b"], ["c"]]


def test_from_the_first_reported_failure_on_all_come_again(app: Chalice, streamed: LocalClock) -> None:
    def second_failed(records: list[dict[str, Any]]) -> Any:
        return {"batchItemFailures": [{"itemIdentifier": records[n]["dynamodb"]["SequenceNumber"]} for n in (2, 1)]}

    batches = listen(app, answers=[second_failed])
    runner = Runner(app, clock=streamed, prefix="test")
    for sk in "abc":
        put(sk)
    runner.drain()
    streamed.advance(1)
    runner.drain()
    assert names(batches) == [["a", "b", "c"], ["b", "c"]]


@pytest.mark.parametrize("failures", ["all", [{}], [{"itemIdentifier": "7"}], [None]])
def test_an_unintelligible_report_fails_the_whole_batch(app: Chalice, streamed: LocalClock, failures: Any) -> None:
    batches = listen(app, answers=[{"batchItemFailures": failures}])
    runner = Runner(app, clock=streamed, prefix="test")
    put("a")
    runner.drain()
    streamed.advance(1)
    runner.drain()
    assert names(batches) == [["a"], ["a"]]


@pytest.mark.parametrize(("starts_at", "expected"), [("LATEST", [["new"]]), ("TRIM_HORIZON", [["old", "new"]])])
def test_a_first_life_starts_where_the_decorator_says(
    app: Chalice, streamed: LocalClock, starts_at: str, expected: list[list[str]]
) -> None:
    put("old")
    batches = listen(app, starting_position=starts_at)
    runner = Runner(app, clock=streamed, prefix="test")
    put("new")
    runner.drain()
    assert names(batches) == expected


def test_a_later_life_goes_on_where_the_earlier_stopped(app: Chalice, streamed: LocalClock) -> None:
    batches = listen(app)
    first = Runner(app, clock=streamed, prefix="test")
    put("a")
    first.drain()
    put("b")
    snapshot.restore(snapshot.capture())
    second = Runner(app, clock=streamed, prefix="test", notes=first.notes())
    put("c")
    second.drain()
    assert names(batches) == [["a"], ["b", "c"]]


def test_a_failed_transaction_leaves_no_record_and_loses_none(app: Chalice, streamed: LocalClock) -> None:
    batches = listen(app)
    runner = Runner(app, clock=streamed, prefix="test")
    put("before")
    runner.drain()
    row = {"pk": {"S": "T#1"}, "sk": {"S": "never"}}
    check = {"TableName": "test-core", "Key": row, "ConditionExpression": "attribute_exists(pk)"}
    other = {"TableName": "test-core", "Item": row | {"sk": {"S": "neither"}}}
    with pytest.raises(ClientError, match="TransactionCanceled"):
        aws.client("dynamodb").transact_write_items(TransactItems=[{"Put": other}, {"ConditionCheck": check}])
    put("after")
    runner.drain()
    assert names(batches) == [["before"], ["after"]]


def test_polling_leaves_no_trail(app: Chalice, streamed: LocalClock) -> None:
    from moto.dynamodbstreams.models import dynamodbstreams_backends

    listen(app)
    runner = Runner(app, clock=streamed, prefix="test")
    for _ in range(300):
        runner.step()
    assert len(dynamodbstreams_backends[aws.ACCOUNT][aws.REGION].shard_iterators) <= 102


def test_a_live_stream_reaches_its_handler(app: Chalice, streamed: LocalClock) -> None:
    batches = listen(app)
    runner = Runner(app, clock=streamed, prefix="test")
    runner.start()
    put("a")
    until(lambda: names(batches) == [["a"]])
    assert runner.stop() == []


def test_an_arn_names_a_table_too(app: Chalice, streamed: LocalClock) -> None:
    batches = listen(
        app, stream="arn:aws:dynamodb:eu-central-1:123456789012:table/test-core/stream/2030-01-01T00:00:00.000"
    )
    runner = Runner(app, clock=streamed, prefix="test")
    put("a")
    runner.drain()
    assert names(batches) == [["a"]]


def test_a_table_without_a_stream_stops_the_start(app: Chalice, clock: LocalClock, resources: str) -> None:
    listen(app)
    with pytest.raises(NoStream, match="CoreStream"):
        Runner(app, clock=clock, prefix=resources)
