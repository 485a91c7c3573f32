"""A query's answer, read in one go, is what botocore makes of it; what we cannot read is left to botocore."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.parsers import create_parser
from botocore.session import get_session

from chalicelib.aws import dynamo_connection
from chalicelib.aws.dynamo import Table
from chalicelib.aws.pages import EVENT, read_at_once
from tests.fakes.installation import Installation

ROW = {
    "sk": {"S": "é — ☃"},
    "rev": {"N": "-1.5"},
    "packed": {"B": "AAEC/w=="},
    "on": {"BOOL": True},
    "off": {"NULL": True},
    "deep": {"M": {"list": {"L": [{"B": "aGk="}, {"N": "1"}, {"M": {}}, {"L": []}]}}},
    "sets": {"L": [{"SS": ["a"]}, {"NS": ["1"]}, {"BS": ["aGk="]}]},
}
WHOLE = {
    "Items": [ROW, {}],
    "Count": 2,
    "ScannedCount": 3,
    "LastEvaluatedKey": {"pk": {"S": "p"}, "sk": {"S": "s"}},
    "ConsumedCapacity": {"TableName": "t", "CapacityUnits": 0.5},
}
OPERATION = get_session().get_service_model("dynamodb").operation_model("Query")


def botocore_reads(answer: dict[str, Any]) -> dict[str, Any]:
    return dict(create_parser("json").parse(answer, OPERATION.output_shape))


def answer_of(body: bytes, *, status: int = 200) -> dict[str, Any]:
    return {"headers": {"x-amzn-requestid": "1"}, "status_code": status, "body": body}


def read(answer: dict[str, Any]) -> dict[str, Any]:
    customized: dict[str, Any] = {}
    read_at_once(response_dict=answer, customized_response_dict=customized, operation_model=OPERATION)
    return botocore_reads(answer) | customized


@pytest.mark.parametrize("document", [WHOLE, {"Items": [], "Count": 0, "ScannedCount": 0}, {"Count": 7}])
def test_it_is_what_botocore_would_have_made_of_it(document: dict[str, Any]) -> None:
    body = json.dumps(document).encode()
    assert read(answer_of(body)) == botocore_reads(answer_of(body))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"Items":[{"sk":{"B":"%"}}]}', b'{"Items":7}'])
def test_what_cannot_be_read_is_left_to_botocore(body: bytes) -> None:
    answer, customized = answer_of(body), dict[str, Any]()
    read_at_once(response_dict=answer, customized_response_dict=customized)
    assert (answer["body"], customized) == (body, {})


def test_an_error_is_left_to_botocore() -> None:
    body = b'{"__type":"com.amazonaws.dynamodb#ThrottlingException","message":"slow"}'
    assert read(answer_of(body, status=400)) == botocore_reads(answer_of(body, status=400))
    assert read(answer_of(body, status=400))["Error"]["Code"] == "ThrottlingException"


def test_the_products_own_queries_are_read_so(aws: Installation) -> None:
    left: list[bytes] = []

    def look(response_dict: dict[str, Any], **_: object) -> None:
        left.append(response_dict["body"])

    Table("core").put({"pk": "T#1", "sk": "a", "packed": b"\x00\xff"})
    events = dynamo_connection.connection().client.meta.events
    events.register_last(EVENT, look, unique_id="look")
    try:
        (row,) = Table("core").query("T#1").rows
    finally:
        events.unregister(EVENT, unique_id="look")
    assert row["packed"] == b"\x00\xff"
    assert left == [b"{}"]
