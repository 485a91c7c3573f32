"""moto's stores under threads: nothing granted twice, nothing acknowledged and lost."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local import aws

THREADS = 32


@pytest.fixture(autouse=True)
def threads_that_interrupt_each_other_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_thirty_two_threads_are_granted_exactly_what_there_was(resources: str) -> None:
    table, stock = f"{resources}-core", 200
    dynamodb = aws.client("dynamodb")
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "stock"}, "sk": {"S": "-"}, "left": {"N": str(stock)}})

    def take(_: int) -> int:
        granted = 0
        for _attempt in range(stock // THREADS * 2):
            try:
                dynamodb.update_item(
                    TableName=table,
                    Key={"pk": {"S": "stock"}, "sk": {"S": "-"}},
                    UpdateExpression="SET #left = #left - :one",
                    ConditionExpression="#left >= :one",
                    ExpressionAttributeNames={"#left": "left"},
                    ExpressionAttributeValues={":one": {"N": "1"}},
                )
                granted += 1
            except dynamodb.exceptions.ConditionalCheckFailedException:
                continue
        return granted

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(take, range(THREADS))) == stock
    left = dynamodb.get_item(TableName=table, Key={"pk": {"S": "stock"}, "sk": {"S": "-"}})["Item"]["left"]
    assert left == {"N": "0"}


def test_nothing_acknowledged_vanishes_beside_failing_transactions(resources: str) -> None:
    table = f"{resources}-core"
    dynamodb = aws.client("dynamodb")

    def put(number: int) -> None:
        dynamodb.put_item(TableName=table, Item=_row("kept", number))

    def fail(number: int) -> None:
        condition = {"TableName": table, "Key": _key("absent", 0), "ConditionExpression": "attribute_exists(pk)"}
        puts = [{"Put": {"TableName": table, "Item": _row("kept-not", number)}}]
        with pytest.raises(ClientError, match="TransactionCanceledException"):
            dynamodb.transact_write_items(TransactItems=[*puts, {"ConditionCheck": condition}])

    with ThreadPoolExecutor(THREADS) as pool:
        jobs = itertools.chain.from_iterable((pool.submit(put, n), pool.submit(fail, n)) for n in range(400))
        for job in list(jobs):
            job.result()

    assert _count(dynamodb, table, "kept") == 400
    assert _count(dynamodb, table, "kept-not") == 0


def test_every_message_is_received_once_by_many_receivers(resources: str) -> None:
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{resources}-send")["QueueUrl"]

    def send(number: int) -> None:
        sqs.send_message(QueueUrl=url, MessageBody=str(number))

    def receive(_: int) -> list[str]:
        bodies = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=3, WaitTimeSeconds=1).get("Messages"):
            for message in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                bodies.append(message["Body"])
        return bodies

    with ThreadPoolExecutor(16) as pool:
        sent = [pool.submit(send, number) for number in range(300)]
        received = list(itertools.chain.from_iterable(pool.map(receive, range(8))))
        for job in sent:
            job.result()
    assert sorted(received, key=int) == [str(number) for number in range(300)]


def _key(partition: str, number: int) -> dict[str, Any]:
    return {"pk": {"S": partition}, "sk": {"S": f"{number:06}"}}


def _row(partition: str, number: int) -> dict[str, Any]:
    return _key(partition, number) | {"n": {"N": str(number)}}


def _count(dynamodb: Any, table: str, partition: str) -> int:
    answer = dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": partition}},
        ConsistentRead=True,
    )
    return int(answer["Count"])
