"""The framework and nothing else: a bare Chalice route that parses a body of JSON, and answers as much as ours does.
With `meanwhile`, it does that before it answers: as many bare reads, say, as ours makes calls.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from chalice.app import Chalice

from bench.peers.in_process import InProcess

_PATH = "/told"
_AROUND = len(json.dumps({"told": ""}, separators=(",", ":")))


def bare_app(answer: dict[str, str], meanwhile: Callable[[], None]) -> Chalice:
    bare = Chalice(app_name="bare", configure_logs=False)

    @bare.route(_PATH, methods=["POST"])
    def take() -> dict[str, str]:
        request: Any = bare.current_request
        assert request.json_body is not None, "it is parsed when it is asked for"
        meanwhile()
        return answer

    return bare


class SameSize:
    """For one request of ours and its answer."""

    def __init__(self, body: object, *, answer_bytes: int, meanwhile: Callable[[], None] = lambda: None) -> None:
        self._body = json.dumps(body)
        self._app = InProcess(bare_app({"told": "." * max(0, answer_bytes - _AROUND)}, meanwhile))

    def ask(self) -> str:
        return str(self._app.ask("POST", _PATH, self._body))


def reads(table: str, row: tuple[str, str], *, times: int) -> Callable[[], None]:
    """Of one row, by botocore, over the product's own connection: so that whoever counts its calls hears these."""
    from chalicelib.aws import dynamo_connection

    store = dynamo_connection.connection().client
    key = {"pk": {"S": row[0]}, "sk": {"S": row[1]}}

    def read() -> None:
        for _ in range(times):
            store.get_item(TableName=table, Key=key, ConsistentRead=True)

    return read
