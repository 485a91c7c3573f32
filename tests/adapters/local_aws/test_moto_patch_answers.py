"""Whatever is asked, patched moto answers as stock moto does. Stock is the reference; only speed and locking may differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from botocore.exceptions import ClientError
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from infra.local import aws, moto_patch

Call = tuple[str, dict[str, Any]]

PARTITIONS = ["a", "b", "T#1"]
SORTS = ["", "a", "a#1", "a#2", "b", "b#10", "b#9", "z", "ä", "\U0001f600"]
MESSAGES = ["m0", "m1", "m2"]

STEPS = ["receive", "forget", "forget", "forget", "delete", "release", "count", "purge"]

partitions = st.sampled_from(PARTITIONS)
sorts = st.sampled_from(SORTS[1:])
numbers = st.integers(0, 3)


steady = settings(
    deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate]
)  # shrinking takes minutes


@settings(steady, max_examples=10)
@given(st.data())
def test_dynamodb_answers_as_stock_does(data: st.DataObject) -> None:
    writes = data.draw(st.lists(st.one_of(puts(), updates(), deletes(), transactions()), min_size=5, max_size=40))
    reads = data.draw(st.lists(st.one_of(queries(), index_queries(), scans(), gets()), min_size=5, max_size=30))
    calls = data.draw(st.permutations([*writes, *writes, *reads])) + reads
    with stock_aws():
        expected = [answer(call) for call in with_tables(calls)]
    with aws.running():
        assert [answer(call) for call in with_tables(calls)] == expected


def test_queries_of_a_full_partition_answer_as_stock_does() -> None:
    with aws.running():
        for call in with_tables([stored(pk, sk) for pk in PARTITIONS for sk in SORTS[1:]]):
            answer(call)

        @settings(steady, max_examples=300)
        @given(st.one_of(queries(), index_queries(), scans()))
        def ask(call: Call) -> None:
            with moto_patch.stock():
                expected = answer(call)
            assert answer(call) == expected

        ask()


@settings(steady, max_examples=8)
@example([1, "receive", "purge", "delete"])
@given(st.lists(st.one_of(st.sampled_from(STEPS), numbers), min_size=25, max_size=60))
def test_sqs_answers_as_stock_does(steps: list[str | int]) -> None:
    with stock_aws():
        expected = Conversation().run(steps)
    with aws.running():
        assert Conversation().run(steps) == expected


class Conversation:
    """A queue with a dead letter queue, spoken to step by step; numbers are sent as bodies."""

    def __init__(self) -> None:
        self.sqs = aws.client("sqs")
        dead = self.sqs.create_queue(QueueName="dead")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": 2}}'
        self.urls = [self.sqs.create_queue(QueueName="live", Attributes={"RedrivePolicy": policy})["QueueUrl"], dead]
        self.handles: list[str] = []

    def run(self, steps: list[str | int]) -> list[Any]:
        return [getattr(self, step)() if isinstance(step, str) else self.send(step) for step in steps] + [self.count()]

    def send(self, number: int) -> Any:
        entries = [{"Id": str(n), "MessageBody": f"{number}.{n}", "MessageGroupId": "t"} for n in range(number)]
        attribute = {"kind": {"DataType": "String", "StringValue": "x"}}
        one = self.sqs.send_message(QueueUrl=self.urls[0], MessageBody=str(number), MessageAttributes=attribute)
        many = self.sqs.send_message_batch(QueueUrl=self.urls[0], Entries=entries) if entries else {}
        return one["MD5OfMessageBody"], [sent["Id"] for sent in many.get("Successful", [])]

    def receive(self, visibility: int = 600) -> Any:
        bodies = []
        for url in self.urls:
            answer = self.sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=3,
                VisibilityTimeout=visibility,
                AttributeNames=["ApproximateReceiveCount", "MessageGroupId"],
                MessageAttributeNames=["All"],
            )
            for message in answer.get("Messages", []):
                self.handles.append(message.pop("ReceiptHandle"))
                del message["MessageId"]
                bodies.append(message)
        return bodies

    def forget(self) -> Any:
        """Received, and visible again at once."""
        return self.receive(visibility=0)

    def delete(self) -> Any:
        return [self._with_handle("delete_message", url) for url in self.urls]

    def release(self) -> Any:
        return [self._with_handle("change_message_visibility", url, VisibilityTimeout=0) for url in self.urls]

    def purge(self) -> Any:
        try:
            self.sqs.purge_queue(QueueUrl=self.urls[0])
        except ClientError as error:
            return error.response["Error"]["Code"]
        return "done"

    def count(self) -> Any:
        names = ["All"]
        answers = [self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"] for url in self.urls]
        return [{name: value for name, value in answer.items() if "Timestamp" not in name} for answer in answers]

    def _with_handle(self, operation: str, url: str, **more: Any) -> Any:
        handle = self.handles[len(self.handles) // 2] if self.handles else "never"
        try:
            getattr(self.sqs, operation)(QueueUrl=url, ReceiptHandle=handle, **more)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return "done"


@contextmanager
def stock_aws() -> Iterator[None]:
    with aws.running(), moto_patch.stock():
        yield


def with_tables(calls: list[Call]) -> list[Call]:
    index = {
        "IndexName": "by_person",
        "KeySchema": key_schema("person", "sk"),
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    create: dict[str, Any] = {
        "TableName": "t",
        "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk", "person")],
        "KeySchema": key_schema("pk", "sk"),
        "BillingMode": "PAY_PER_REQUEST",
        "GlobalSecondaryIndexes": [index],
    }
    return [("create_table", create), *calls]


def key_schema(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": n, "KeyType": k} for n, k in zip(names, ("HASH", "RANGE"), strict=True)]


@cache
def dynamodb() -> Any:
    return aws.client("dynamodb")


def answer(call: Call) -> Any:
    operation, request = call
    try:
        response = getattr(dynamodb(), operation)(**request)
    except ClientError as error:
        return error.response["Error"], error.response.get("CancellationReasons")
    response.pop("ResponseMetadata")
    return None if operation == "create_table" else response


def key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def stored(pk: str, sk: str) -> Call:
    return "put_item", {"TableName": "t", "Item": key(pk, sk) | {"n": {"N": str(len(sk))}, "person": {"S": "p"}}}


def puts() -> st.SearchStrategy[Call]:
    def call(pk: str, sk: str, n: int, person: str, unless_there: bool) -> Call:
        item = key(pk, sk) | {"n": {"N": str(n)}, "b": {"B": b"\x00" * n}, "m": {"M": {"deep": {"L": [{"S": sk}]}}}}
        if person:
            item["person"] = {"S": person}
        condition = {"ConditionExpression": "attribute_not_exists(pk)"} if unless_there else {}
        return "put_item", {"TableName": "t", "Item": item} | condition

    return st.builds(call, partitions, st.sampled_from(SORTS), numbers, st.sampled_from(["", "p", "q"]), st.booleans())


def updates() -> st.SearchStrategy[Call]:
    return st.builds(
        lambda *args: ("update_item", {"TableName": "t", "ReturnValues": "ALL_NEW"} | update(*args)),
        partitions,
        sorts,
        numbers,
    )


def update(pk: str, sk: str, n: int) -> dict[str, Any]:
    return {
        "Key": key(pk, sk),
        "UpdateExpression": "SET n = if_not_exists(n, :zero) + :n REMOVE person",
        "ConditionExpression": "attribute_not_exists(n) OR n <= :most",
        "ExpressionAttributeValues": {":zero": {"N": "0"}, ":n": {"N": str(n)}, ":most": {"N": "3"}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def deletes() -> st.SearchStrategy[Call]:
    return st.builds(lambda pk, sk: ("delete_item", {"TableName": "t", "Key": key(pk, sk)}), partitions, sorts)


def transactions() -> st.SearchStrategy[Call]:
    def call(first: Call, pk: str, sk: str, n: int) -> Call:
        items = [{"Put": first[1]}, {"Update": {"TableName": "t"} | update(pk, sk, n)}]
        return "transact_write_items", {"TransactItems": items}

    return st.builds(call, puts(), partitions, sorts, numbers)


def gets() -> st.SearchStrategy[Call]:
    return st.builds(lambda pk, sk: ("get_item", {"TableName": "t", "Key": key(pk, sk)}), partitions, sorts)


def scans() -> st.SearchStrategy[Call]:
    def call(limit: int, start: tuple[str, str] | None) -> Call:
        request = {"TableName": "t"} | ({"Limit": limit} if limit else {})
        return "scan", request | ({"ExclusiveStartKey": key(*start)} if start else {})

    return st.builds(call, numbers, st.none() | st.tuples(partitions, sorts))


RANGES: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "": lambda *_: {},
    **{f"sk {sign} :x": (lambda x, _: {":x": {"S": x}}) for sign in ("=", "<", "<=", ">", ">=")},
    "sk BETWEEN :x AND :y": lambda x, y: {":x": {"S": min(x, y)}, ":y": {"S": max(x, y)}},
    "begins_with(sk, :x)": lambda x, _: {":x": {"S": x}},
}


@st.composite
def queries(draw: st.DrawFn) -> Call:
    extent = draw(st.sampled_from(sorted(RANGES)))
    pk = draw(partitions)
    values = {":pk": {"S": pk}} | RANGES[extent](draw(sorts), draw(sorts))
    request: dict[str, Any] = {"KeyConditionExpression": "pk = :pk" + (f" AND {extent}" if extent else "")}
    if draw(st.booleans()):
        request["FilterExpression"] = "n >= :n"
        values[":n"] = {"N": str(draw(numbers))}
    if limit := draw(numbers):
        request["Limit"] = limit
    if draw(st.booleans()):
        request["ExclusiveStartKey"] = key(pk, draw(sorts))
    if draw(st.booleans()):
        request["ProjectionExpression"] = "sk, m.deep"
    request |= {"ScanIndexForward": draw(st.booleans()), "ExpressionAttributeValues": values}
    return "query", {"TableName": "t"} | request


@st.composite
def index_queries(draw: st.DrawFn) -> Call:
    extent = draw(st.sampled_from(sorted(RANGES)))
    values = {":p": {"S": draw(st.sampled_from(["p", "q", "r"]))}} | RANGES[extent](draw(sorts), draw(sorts))
    request: dict[str, Any] = {"KeyConditionExpression": "person = :p" + (f" AND {extent}" if extent else "")}
    if limit := draw(numbers):
        request["Limit"] = limit
    request |= {"ScanIndexForward": draw(st.booleans()), "ExpressionAttributeValues": values}
    return "query", {"TableName": "t", "IndexName": "by_person"} | request
