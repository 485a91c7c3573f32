"""Every request of a function is counted once, under its function's name and at DynamoDB's weight; nobody else's is."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.handlers import BUILTIN_HANDLERS

from chalicelib.core.clock import PresentClock
from infra.cost.meter import Call, Meter
from infra.local.invocation import Failed, Function
from tests.fakes.installation import Installation

ITEM = {"pk": {"S": "T#1"}, "sk": {"S": "A"}, "text": {"S": "x" * 2_000}}
KEY = {"pk": {"S": "T#1"}, "sk": {"S": "A"}}


class Bench:
    """Clients whose calls are counted, and functions that use them."""

    def __init__(self, prefix: str, meter: Meter) -> None:
        self.meter = meter
        self.table = f"{prefix}-core"
        session = boto3.Session(region_name="eu-central-1")  # its own: the common one was made before the meter
        self.dynamodb, self.sqs = session.client("dynamodb"), session.client("sqs")
        self.queue_url = self.sqs.get_queue_url(QueueName=f"{prefix}-plan")["QueueUrl"]
        meter.weigh_with(self.dynamodb)

    def run(self, name: str, *asked: tuple[str, dict[str, Any]]) -> list[Call]:
        """What one invocation that asks this of DynamoDB is charged with."""

        def handler(_event: Any, _context: Any) -> None:
            for operation, params in asked:
                getattr(self.dynamodb, operation)(TableName=self.table, **params)

        self.invoke(name, handler)
        return list(self.meter.read().calls)

    def invoke(self, name: str, handler: Any) -> Any:
        clock = PresentClock()
        return self.meter.metered(Function(name, handler, clock=clock), clock=clock).invoke({})

    def put(self, text: str) -> None:
        self.dynamodb.put_item(TableName=self.table, Item=ITEM | {"text": {"S": text}})


@pytest.fixture
def bench(aws: Installation) -> Iterator[Bench]:
    meter = Meter(prefix=aws.prefix)
    with meter.attached():
        yield Bench(aws.prefix, meter)


def test_a_call_belongs_to_the_function_that_made_it(bench: Bench) -> None:
    calls = bench.run("plan", ("get_item", {"Key": KEY, "ConsistentRead": True}))
    assert [(call.function, call.operation, call.target) for call in calls] == [("plan", "dynamodb.GetItem", "core")]


def test_calls_of_two_functions_at_once_are_told_apart(bench: Bench) -> None:
    def handler(_event: Any, _context: Any) -> None:
        for _ in range(5):
            bench.dynamodb.get_item(TableName=bench.table, Key=KEY)

    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: bench.invoke(name, handler), ["send", "sweep"] * 3))
    reading = bench.meter.read()
    assert {name: reading.runs_of(name) for name in ("send", "sweep")} == {"send": 3, "sweep": 3}
    assert sorted(call.function for call in reading.calls) == ["send"] * 15 + ["sweep"] * 15
    assert len({call.invocation for call in reading.calls}) == 6


def test_what_nobodys_function_asks_is_not_counted(bench: Bench) -> None:
    bench.dynamodb.get_item(TableName=bench.table, Key=KEY)
    assert not bench.meter.read().calls


def test_looking_up_weights_is_not_counted(bench: Bench) -> None:
    assert len(bench.run("api", ("put_item", {"Item": ITEM}))) == 1


def test_a_function_that_fails_has_made_its_calls_all_the_same(bench: Bench) -> None:
    def handler(_event: Any, _context: Any) -> None:
        bench.dynamodb.get_item(TableName=bench.table, Key=KEY)
        raise ValueError

    with pytest.raises(Failed):
        bench.invoke("plan", handler)
    reading = bench.meter.read()
    assert len(reading.calls) == reading.runs_of("plan") == 1


def test_a_reading_starts_where_the_last_one_ended(bench: Bench) -> None:
    bench.run("plan", ("get_item", {"Key": KEY}))
    assert not bench.meter.read().calls


def test_a_message_counts_for_its_queue(bench: Bench) -> None:
    bench.invoke("api", lambda *_: bench.sqs.send_message(QueueUrl=bench.queue_url, MessageBody="x" * 500))
    (call,) = bench.meter.read().calls
    assert (call.operation, call.target) == ("sqs.SendMessage", "plan")
    assert call.sent_bytes > 500


def test_a_get_weighs_its_item_and_half_when_it_need_not_be_consistent(bench: Bench) -> None:
    bench.put("x" * 5_000)
    consistent, relaxed, absent = bench.run(
        "api",
        ("get_item", {"Key": KEY, "ConsistentRead": True}),
        ("get_item", {"Key": KEY}),
        ("get_item", {"Key": KEY | {"sk": {"S": "nobody"}}, "ConsistentRead": True}),
    )
    assert (consistent.weight.reads, relaxed.weight.reads, absent.weight.reads) == (2, 1, 1)
    assert (consistent.weight.row_bytes, absent.weight.rows) == (2 + 3 + 2 + 1 + 4 + 5_000, 0)


def test_a_put_weighs_the_larger_of_the_old_item_and_the_new(bench: Bench) -> None:
    first, smaller, larger = bench.run(
        "api",
        ("put_item", {"Item": ITEM}),
        ("put_item", {"Item": KEY}),
        ("put_item", {"Item": ITEM | {"text": {"S": "x" * 4_000}}}),
    )
    assert (first.weight.writes, smaller.weight.writes, larger.weight.writes) == (2, 2, 4)


def test_a_refused_write_is_charged_like_one_that_was_done(bench: Bench) -> None:
    bench.put("x" * 3_000)
    refused = {"Item": KEY, "ConditionExpression": "attribute_not_exists(pk)"}
    with pytest.raises(Failed):
        bench.run("api", ("put_item", refused))
    (call,) = bench.meter.read().calls
    assert call.weight.writes == 3


def test_an_update_and_a_delete_weigh_what_stands_there(bench: Bench) -> None:
    bench.put("x" * 3_000)
    touch = {"Key": KEY, "UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":a": {"N": "1"}}}
    update, delete, nothing = bench.run(
        "api", ("update_item", touch), ("delete_item", {"Key": KEY}), ("delete_item", {"Key": KEY})
    )
    assert (update.weight.writes, delete.weight.writes, nothing.weight.writes) == (3, 3, 1)


def test_a_query_weighs_all_it_went_through_whatever_it_shows(bench: Bench) -> None:
    for number in range(10):
        item = ITEM | {"sk": {"S": f"{number}"}}
        bench.dynamodb.put_item(TableName=bench.table, Item=item)
    narrow = {
        "KeyConditionExpression": "#p = :p",
        "ProjectionExpression": "#s",
        "ExpressionAttributeNames": {"#p": "pk", "#s": "sk"},
        "ExpressionAttributeValues": {":p": {"S": "T#1"}},
        "ConsistentRead": True,
    }
    (call,) = bench.run("send", ("query", narrow))
    assert (call.weight.rows, call.weight.row_bytes) == (10, 10 * (2 + 3 + 2 + 1 + 4 + 2_000))
    assert call.weight.reads == 5  # 20,120 bytes together; each by itself would have been ten units


def test_an_empty_query_still_takes_a_unit(bench: Bench) -> None:
    nobody = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "T#0"}}}
    (call,) = bench.run("tick", ("query", nobody | {"ConsistentRead": True}))
    assert call.weight.reads == 1


def test_many_gets_in_one_are_rounded_one_by_one_and_absent_ones_count(bench: Bench) -> None:
    bench.put("x" * 5_000)
    keys = [KEY, KEY | {"sk": {"S": "nobody"}}]
    asked = {bench.table: {"Keys": keys, "ConsistentRead": True}}
    bench.invoke("send", lambda *_: bench.dynamodb.batch_get_item(RequestItems=asked))
    (call,) = bench.meter.read().calls
    assert (call.operation, call.target, call.weight.reads) == ("dynamodb.BatchGetItem", "core", 3)


def test_a_transaction_costs_each_of_its_writes_twice(bench: Bench) -> None:
    bench.put("x" * 3_000)
    writes = [
        {"Delete": {"TableName": bench.table, "Key": KEY}},
        {"Put": {"TableName": bench.table, "Item": KEY | {"sk": {"S": "B"}}}},
    ]
    bench.invoke("api", lambda *_: bench.dynamodb.transact_write_items(TransactItems=writes))
    (call,) = bench.meter.read().calls
    assert (call.target, call.weight.writes) == ("core", 2 * 3 + 2 * 1)


def test_the_hook_goes_with_the_meter(aws: Installation) -> None:
    before = list(BUILTIN_HANDLERS)
    with Meter(prefix=aws.prefix).attached():
        assert len(BUILTIN_HANDLERS) == len(before) + 2
    assert before == BUILTIN_HANDLERS
