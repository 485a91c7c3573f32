"""The least that an API on Lambda does: a bare Chalice route that reads one row of DynamoDB and answers it as JSON."""

from __future__ import annotations

from typing import Any

from chalice.app import Chalice

from bench.peers.in_process import InProcess


def bare_app(table: str, row: tuple[str, str]) -> Chalice:
    from chalicelib.aws.clients import client

    bare = Chalice(app_name="bare", configure_logs=False)
    store = client("dynamodb")

    @bare.route("/row")
    def read() -> dict[str, Any]:
        key = {"pk": {"S": row[0]}, "sk": {"S": row[1]}}
        item: dict[str, dict[str, Any]] = store.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
        return {name: next(iter(value.values())) for name, value in item.items() if "B" not in value}

    return bare


class OneRow:
    def __init__(self, table: str, row: tuple[str, str]) -> None:
        self._app = InProcess(bare_app(table, row))

    def ask(self) -> None:
        self._app.ask("GET", "/row")
