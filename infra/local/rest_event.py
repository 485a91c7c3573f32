"""HTTP as API Gateway's REST API hands it to Lambda, and back. `gateway.py` calls it; nothing here keeps state.

Chalice has such a converter, but it passes on parameters of routes that did not match, takes `//host` for an authority
and knows one client address.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from infra.local import aws

_HOP_BY_HOP = {"connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """One HTTP request as it came over the socket; `path` is still percent-encoded, header names are in lower case."""

    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    body: bytes
    peer: str

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(self.query_string, keep_blank_values=True)


@dataclass(frozen=True)
class Route:
    path: str
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class Outgoing:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


def from_wsgi(environ: Mapping[str, Any], *, body: bytes) -> Incoming:
    """The path comes from the request line: WSGI's own is decoded already, and would be decoded twice."""
    target = environ["REQUEST_URI"]
    path = target if target.startswith("/") else urlsplit(target).path
    named = {name.removeprefix("HTTP_"): value for name, value in environ.items() if _is_header(name, value)}
    return Incoming(
        method=environ["REQUEST_METHOD"],
        path=path.partition("?")[0] or "/",
        query_string=environ["QUERY_STRING"],
        headers={name.replace("_", "-").lower(): value for name, value in named.items()},
        body=body,
        peer=environ["REMOTE_ADDR"],
    )


def by_precedence(routes: Iterable[str]) -> list[str]:
    """As API Gateway chooses: a fixed segment before a parameter."""
    return sorted(routes, key=lambda route: [(part.startswith("{"), part) for part in route.split("/")])


def find_route(ordered_routes: Iterable[str], path: str) -> Route | None:
    """The first that matches. Parameters are never empty; one trailing slash is ignored."""
    wanted = (path[:-1] if path.endswith("/") and path != "/" else path).split("/")
    for route in ordered_routes:
        if (parameters := _match(route.split("/"), wanted)) is not None:
            return Route(route, parameters)
    return None


def to_event(incoming: Incoming, route: Route, *, request_id: str, binary_types: Iterable[str]) -> dict[str, Any]:
    headers = {name.title(): value for name, value in incoming.headers.items()}
    query = incoming.query
    is_binary = _is_binary(incoming.headers.get("content-type", ""), binary_types)
    return {
        "resource": route.path,
        "path": incoming.path,
        "httpMethod": incoming.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": dict(route.parameters) or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": route.path,
            "httpMethod": incoming.method,
            "path": incoming.path,
            "accountId": aws.ACCOUNT,
            "protocol": "HTTP/1.1",
            "stage": "local",
            "requestId": request_id,
            "identity": {"sourceIp": incoming.peer, "userAgent": incoming.headers.get("user-agent")},
            "domainName": incoming.headers.get("host", ""),
        },
        "body": _body(incoming.body, is_binary=is_binary),
        "isBase64Encoded": is_binary and bool(incoming.body),
    }


def from_answer(answer: Mapping[str, Any]) -> Outgoing:
    """What the Lambda returned, as API Gateway sends it on."""
    lists = {name: list(values) for name, values in (answer.get("multiValueHeaders") or {}).items()}
    singles = {name: [value] for name, value in (answer.get("headers") or {}).items()}
    headers = [(name, str(value)) for name, values in (singles | lists).items() for value in values]
    headers = [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    body = answer.get("body") or ""
    content = base64.b64decode(body) if answer.get("isBase64Encoded") else str(body).encode()
    return Outgoing(int(answer["statusCode"]), headers, content)


def _is_header(name: str, value: object) -> bool:
    return isinstance(value, str) and (name.startswith("HTTP_") or (name in {"CONTENT_TYPE", "CONTENT_LENGTH"}))


def _match(parts: list[str], wanted: list[str]) -> dict[str, str] | None:
    if len(parts) != len(wanted):
        return None
    parameters: dict[str, str] = {}
    for part, found in zip(parts, wanted, strict=True):
        if part.startswith("{") and found:
            parameters[part.strip("{}")] = found
        elif part != found:
            return None
    return parameters


def _is_binary(content_type: str, binary_types: Iterable[str]) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    return any(kind in (media_type, f"{media_type.partition('/')[0]}/*", "*/*") for kind in binary_types)


def _body(body: bytes, *, is_binary: bool) -> str | None:
    if not body:
        return None
    return base64.b64encode(body).decode() if is_binary else body.decode(errors="replace")
