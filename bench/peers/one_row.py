"""The least that an API on Lambda does: a bare Chalice route that reads one row of DynamoDB and answers it as JSON."""

from __future__ import annotations

from typing import Any

from chalice.app import Chalice
from chalice.config import Config
from chalice.local import LocalGateway


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
    """Asked as the app is: by an event of API Gateway's, in process."""

    def __init__(self, table: str, row: tuple[str, str]) -> None:
        self._app = bare_app(table, row)
        self._gateway = LocalGateway(self._app, Config())

    def ask(self) -> None:
        event = self._gateway._generate_lambda_event("GET", "/row", {}, None)  # noqa: SLF001 -- as tests/fakes/gateway.py
        answer = self._app(event, self._gateway._generate_lambda_context())  # noqa: SLF001 -- the same
        if answer["statusCode"] != 200:
            raise RuntimeError(answer["body"])
