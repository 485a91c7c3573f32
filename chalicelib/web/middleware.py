"""Around every HTTP answer: a request id, security headers, and problem+json for what Chalice refuses by itself."""

from __future__ import annotations

from collections.abc import Callable

from chalice.app import Request, Response

from chalicelib.core import ids
from chalicelib.core.errors import PushError
from chalicelib.web import problems
from chalicelib.web.call import Envelope, current
from chalicelib.web.problems import Headers

SECURITY_HEADERS: Headers = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


def answer(request: Request, get_response: Callable[[Request], Response]) -> Response:
    envelope = Envelope(request, ids.new("req"))
    token = current.set(envelope)
    try:
        response = get_response(request)
    finally:
        current.reset(token)
    if isinstance(response.body, dict):  # ours are text already: this is one of Chalice's own
        response = _reworded(response, envelope)
    request_id: Headers = {"X-Request-Id": envelope.request_id}
    response.headers = _merged(SECURITY_HEADERS, envelope.headers, response.headers, request_id)
    return response


def refuse(error: PushError, *, request_id: str) -> Response:
    """What a gateway answers by itself, before the app is asked."""
    response = problems.answer(error, instance=request_id)
    response.headers = _merged(SECURITY_HEADERS, response.headers, {"X-Request-Id": request_id})
    return response


def _reworded(response: Response, envelope: Envelope) -> Response:
    problem = problems.answer(problems.of_chalice(response.status_code), instance=envelope.request_id)
    if "Allow" in response.headers:
        problem.headers["Allow"] = response.headers["Allow"]
    return problem


def _merged(*layers: Headers) -> Headers:
    """The last one wins, however it is spelled: sending both `Cache-Control` and `cache-control` would say nothing."""
    merged: dict[str, tuple[str, str | list[str]]] = {}
    for layer in layers:
        merged |= {name.lower(): (name, value) for name, value in layer.items()}
    return dict(merged.values())
