"""The same AWS over HTTP: one state, one lock, and whoever waits there stops nobody."""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from infra.local import aws
from tests.adapters.local_aws.conftest import QueueOf


@pytest.fixture
def remote(resources: str) -> Iterator[Any]:
    """Clients as another process would make them."""
    with aws.serving() as url:
        assert url.startswith("http://127.0.0.1:")
        yield lambda service: boto3.client(
            service,
            endpoint_url=url,
            region_name=aws.REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(max_pool_connections=32),
        )


def test_both_sides_see_the_same_rows(remote: Any) -> None:
    item = {"pk": {"S": "p"}, "sk": {"S": "s"}, "b": {"B": b"\x00\xff"}}
    remote("dynamodb").put_item(TableName="test-core", Item=item)
    key = {"pk": item["pk"], "sk": item["sk"]}
    assert aws.client("dynamodb").get_item(TableName="test-core", Key=key)["Item"] == item


def test_a_presigned_url_works_without_credentials(remote: Any) -> None:
    bucket = f"test-blobs-{aws.ACCOUNT}"
    aws.client("s3").put_object(Bucket=bucket, Key="export.csv", Body=b"a,b\n")
    url = remote("s3").generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "export.csv"})
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read() == b"a,b\n"


def test_whoever_stops_in_the_middle_of_a_request_stops_nobody_else(resources: str) -> None:
    words = "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\nContent-Length: 100\r\n\r\n{"
    with aws.serving() as url, ThreadPoolExecutor(1) as pool, socket.socket() as frozen:
        frozen.connect(("127.0.0.1", urlsplit(url).port))
        frozen.sendall(words.encode())
        frozen.settimeout(0.5)
        with pytest.raises(TimeoutError):  # who reads the rest has begun to wait
            frozen.recv(1)
        assert pool.submit(aws.client("dynamodb").list_tables).result(10)["TableNames"]


def test_writers_on_both_sides_lose_nothing(remote: Any) -> None:
    there, here = remote("dynamodb"), aws.client("dynamodb")

    def add(number: int) -> None:
        (there if number % 2 else here).update_item(
            TableName="test-core",
            Key={"pk": {"S": "sum"}, "sk": {"S": "-"}},
            UpdateExpression="ADD n :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(add, range(200)))
    row = here.get_item(TableName="test-core", Key={"pk": {"S": "sum"}, "sk": {"S": "-"}})["Item"]
    assert row["n"] == {"N": "200"}


def test_whoever_waits_for_a_message_stops_nobody_and_gets_it(remote: Any, queue: QueueOf) -> None:
    send = queue("send")
    with ThreadPoolExecutor(2) as pool:
        waiting = [
            pool.submit(sqs.receive_message, QueueUrl=send.url, WaitTimeSeconds=20)
            for sqs in (remote("sqs"), aws.client("sqs"))
        ]
        for body in ("a", "b"):
            send.send(body)
        bodies = sorted(answer.result(20)["Messages"][0]["Body"] for answer in waiting)
    assert bodies == ["a", "b"]  # had the waiting held the lock, it would have ended empty before the first send


def test_its_port_is_free_afterwards(resources: str) -> None:
    with aws.serving() as url:
        port = int(url.rsplit(":", 1)[1])
    with aws.serving(port=port) as again:
        assert again == url
        unsigned = Config(signature_version=UNSIGNED)
        assert boto3.client("sqs", endpoint_url=again, region_name=aws.REGION, config=unsigned).list_queues()
