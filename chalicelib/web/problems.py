"""RFC 9457 on the wire, and the only table from error families to HTTP numbers."""

from __future__ import annotations

import json
from typing import Any

from chalice.app import Response

from chalicelib.core import errors
from chalicelib.core.errors import OverLimit, PushError
from chalicelib.web.body import TooLarge, Unreadable

STATUS: dict[type[PushError], int] = {
    Unreadable: 400,
    errors.Unauthenticated: 401,
    errors.PaymentRequired: 402,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    TooLarge: 413,
    errors.Invalid: 422,
    OverLimit: 429,
    errors.Unavailable: 503,
}
Headers = dict[str, str | list[str]]  # as Chalice types them
CONTENT_TYPE = "application/problem+json"


class Broken(PushError):
    code = "internal_error"
    title = "Something broke on our side. It has been recorded under this request id."


class MethodNotAllowed(PushError):
    code = "method_not_allowed"
    title = "This path does not take that method."


class UnsupportedMediaType(PushError):
    code = "unsupported_media_type"
    title = "Only application/json is understood here."


_OF_CHALICE: dict[int, type[PushError]] = {
    400: Unreadable,
    404: errors.NotFound,
    405: MethodNotAllowed,
    415: UnsupportedMediaType,
}


def status_of(error: PushError) -> int:
    for family in type(error).__mro__:
        if family in STATUS:
            return STATUS[family]
    return {"method_not_allowed": 405, "unsupported_media_type": 415}.get(error.code, 500)


def document(error: PushError, *, instance: str) -> dict[str, Any]:
    return {
        **error.facts,
        "type": f"/problems/{error.code}",
        "title": error.title,
        "status": status_of(error),
        "detail": error.detail,
        "code": error.code,
        "instance": instance,
    }


def answer(error: PushError, *, instance: str) -> Response:
    headers: Headers = {"Content-Type": CONTENT_TYPE}
    if isinstance(error, OverLimit):
        headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, errors.Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, errors.Unavailable):
        headers["Retry-After"] = "5"
    body = json.dumps(document(error, instance=instance), separators=(",", ":"))
    return Response(body=body, status_code=status_of(error), headers=headers)


def of_chalice(status: int) -> PushError:
    """Chalice builds 400, 405 and 415 itself, before any of our code runs."""
    return _OF_CHALICE.get(status, Broken)()
