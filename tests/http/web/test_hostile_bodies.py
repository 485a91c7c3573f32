"""Hostile shapes over HTTP (SECURITY 21): told what is wrong, never a 500, and nothing is done."""

from __future__ import annotations

import json

import pytest

from app import app
from chalicelib.web.body import LARGEST_BYTES
from chalicelib.web.endpoint import Endpoint
from chalicelib.web.schema import Form
from tests.fakes.gateway import Client
from tests.fakes.installation import Installation

GOOD = {"email": "ada@example.com", "password": "correct horse battery", "tenant_name": "Engines"}
SHAPES: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "a list": (json.dumps([GOOD]).encode(), 400),
    "deep": (b'{"a":' * 50_000, 400),
    "five megabytes": (b'{"a":"' + b"x" * 5_000_000 + b'"}', 413),
    "many keys": (json.dumps({str(number): number for number in range(2_000)}).encode(), 400),
    "a key twice": (b'{"email":"a@example.com","email":"b@example.com"}', 400),
    "not a number": (b'{"email":NaN}', 400),
    "a huge number": (b'{"email":' + b"9" * 5_000 + b"}", 400),
    "half a character": (b'{"email":"\\ud800"}', 400),
    "another encoding": (json.dumps(GOOD).encode("utf-16"), 400),
    "escapes without end": (b'{"email":"' + b'\\"' * ((LARGEST_BYTES - 10) // 2), 400),
    "wrong types": (json.dumps(dict.fromkeys(GOOD, 7)).encode(), 422),
    "objects for text": (json.dumps({name: {} for name in GOOD}).encode(), 422),
    "unknown fields": (json.dumps(GOOD | {"role": "owner", "tenant_id": "ten_1"}).encode(), 422),
    "a huge name": (json.dumps(GOOD | {"x" * 200_000: 1}).encode(), 422),
    "a huge field": (json.dumps(GOOD | {"email": "x" * 200_000}).encode(), 422),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_hostile_body_is_told_what_is_wrong(aws: Installation, shape: str) -> None:
    body, status = SHAPES[shape]
    answer = Client().post("/v1/auth/register", body=body)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.text) < 20_000
    assert [row for row in aws.rows() if not row["pk"].startswith("BUCKET#")] == []  # that it asked is all we keep


OPEN = [
    each
    for each in app.endpoints
    if each.takes_body and not each.allow.needs_credentials and not issubclass(each.body, Form)
]


@pytest.mark.parametrize("endpoint", OPEN, ids=lambda each: f"{each.method} {each.path}")
def test_every_open_door_refuses_a_list(aws: Installation, endpoint: Endpoint) -> None:
    assert Client().request(endpoint.method, endpoint.path, body=b"[]").status in {400, 404}


def test_the_same_body_well_formed_comes_through(aws: Installation) -> None:
    assert Client().post("/v1/auth/register", json=GOOD).status == 202
