"""A Chalice app that is asked as ours is: by an event of API Gateway's, in this process."""

from __future__ import annotations

from typing import Any

from chalice.app import Chalice
from chalice.config import Config
from chalice.local import LocalGateway

_JSON = {"content-type": "application/json"}


class InProcess:
    def __init__(self, app: Chalice) -> None:
        self._app = app
        self._gateway = LocalGateway(app, Config())

    def ask(self, method: str, path: str, body: str | None = None) -> Any:
        """Its answer; one that is no yes ends the measurement."""
        event = self._gateway._generate_lambda_event(method, path, dict(_JSON), body)  # type: ignore[arg-type]  # noqa: SLF001 -- as tests/fakes/gateway.py
        answer = self._app(event, self._gateway._generate_lambda_context())  # noqa: SLF001 -- the same
        if answer["statusCode"] != 200:
            raise RuntimeError(answer["body"])
        return answer["body"]
