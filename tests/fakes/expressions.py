"""What DynamoDB takes of one expression, and moto does not look at: 4 KB. Measured at every call of every test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from chalicelib.aws.dynamo_connection import connection

MOST_BYTES = 4_096


class TooLong(AssertionError):
    """DynamoDB would have refused it, in an installation and nowhere else."""


def measure() -> None:
    connection().client.meta.events.register("before-call.dynamodb", _check, unique_id="expressions")


def _check(params: dict[str, Any], **_: Any) -> None:
    if len(params["body"]) > MOST_BYTES:  # nothing shorter has a longer expression
        longest = max((len(text.encode()) for text in _expressions(json.loads(params["body"]))), default=0)
        if longest > MOST_BYTES:
            raise TooLong(longest)


def _expressions(request: Any) -> Iterator[str]:
    match request:
        case dict():
            for name, inner in request.items():
                if name.endswith("Expression") and isinstance(inner, str):
                    yield inner
                elif not name.startswith("ExpressionAttribute"):
                    yield from _expressions(inner)
        case list():
            for each in request:
                yield from _expressions(each)
