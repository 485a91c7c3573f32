"""Headers on every answer (SECURITY 17), over all routes of the real app."""

from __future__ import annotations

import re

import pytest

from app import app
from chalicelib.core.ids import is_id
from chalicelib.web.endpoint import Endpoint
from tests.fakes.gateway import Client
from tests.fakes.installation import Installation

ALWAYS = {
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "cross-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
PAGES = {
    "/docs",
    "/problems",
    "/problems/{code}",
    "/verify",
    "/confirm-email",
    "/reset",
    "/join",
    "/forgot",
    "/signed-in",
}
CACHEABLE = PAGES | {"/openapi.json", "/docs/style.css", "/verify.js"}


def name(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


@pytest.mark.parametrize("endpoint", app.endpoints, ids=name)
def test_every_answer_has_them(aws: Installation, endpoint: Endpoint) -> None:
    answer = Client().request(
        endpoint.method, re.sub(r"\{\w+\}", "x", endpoint.path), headers={"X-Request-Id": "req_theirs"}
    )
    assert {header: answer.headers.get(header) for header in ALWAYS} == ALWAYS
    assert is_id(answer.headers["x-request-id"], "req")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert (policy == API_POLICY) is (endpoint.path not in PAGES)
    assert (answer.headers["cache-control"] == "no-store") is (endpoint.path not in CACHEABLE)
    assert "server" not in answer.headers
    assert "x-powered-by" not in answer.headers


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "TRACE", "QUERY"])
def test_a_wrong_method_is_a_problem_with_all_of_them(method: str) -> None:
    answer = Client().request(method, "/v1/health")
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert {header: answer.headers.get(header) for header in ALWAYS} == ALWAYS
