"""API Gateway as tests see it: requests become Lambda events for the real app, unknown paths never reach it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

from chalice.config import Config
from chalice.local import LocalGateway

from app import app
from chalicelib.core import errors
from chalicelib.web import middleware


class Bearer(Protocol):
    @property
    def access_token(self) -> str: ...


@dataclass(frozen=True)
class HttpAnswer:
    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """Of a problem document."""
        return str(self.json()["code"])


class Client:
    """`as_` is a person, or a bare token; `json` is encoded, `body` goes as it is."""

    def __init__(self, *, address: str = "203.0.113.7") -> None:
        self._gateway = LocalGateway(app, Config())
        self._address = address

    def get(self, path: str, **words: Any) -> HttpAnswer:
        return self.request("GET", path, **words)

    def post(self, path: str, **words: Any) -> HttpAnswer:
        return self.request("POST", path, **words)

    def put(self, path: str, **words: Any) -> HttpAnswer:
        return self.request("PUT", path, **words)

    def patch(self, path: str, **words: Any) -> HttpAnswer:
        return self.request("PATCH", path, **words)

    def delete(self, path: str, **words: Any) -> HttpAnswer:
        return self.request("DELETE", path, **words)

    def options(self, path: str, **words: Any) -> HttpAnswer:
        return self.request("OPTIONS", path, **words)

    def request(
        self,
        method: str,
        path: str,
        *,
        as_: Bearer | str | None = None,
        json: object = None,
        body: bytes | str | None = None,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        address: str | None = None,
    ) -> HttpAnswer:
        sent = {"content-type": "application/json", **_authorization(as_)}
        sent |= {name.lower(): value for name, value in (headers or {}).items()}
        raw = _encode(json) if body is None else body
        try:
            event = self._event(method, f"{path}?{urlencode(query)}" if query else path, sent, raw)
        except ValueError:
            answer = middleware.refuse(errors.NotFound(), request_id="req_gateway")
            return HttpAnswer(answer.status_code, _texts(answer.headers), answer.body)
        event["requestContext"]["identity"]["sourceIp"] = address or self._address
        raw_answer = app(event, self._gateway._generate_lambda_context())
        found = {name.lower(): values[-1] for name, values in raw_answer["multiValueHeaders"].items()}
        found |= {name.lower(): value for name, value in raw_answer["headers"].items()}
        return HttpAnswer(raw_answer["statusCode"], found, raw_answer["body"])

    def _event(self, method: str, path: str, headers: dict[str, str], raw: bytes | str | None) -> dict[str, Any]:
        event: dict[str, Any] = self._gateway._generate_lambda_event(method, path, headers, raw)  # type: ignore[arg-type]  # AWS sends text, chalice's stubs say bytes
        return event


def _authorization(bearer: Bearer | str | None) -> dict[str, str]:
    if bearer is None:
        return {}
    return {"authorization": f"Bearer {bearer if isinstance(bearer, str) else bearer.access_token}"}


def _encode(document: object) -> str | None:
    return None if document is None else json.dumps(document)


def _texts(headers: Mapping[str, Any]) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in headers.items()}
