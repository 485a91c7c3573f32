"""RFC 9457 on the wire, and the only table from error families to HTTP numbers."""

from __future__ import annotations

import math
from typing import Any

from chalice.app import Response
from pydantic_core import to_json

from chalicelib.config import settings
from chalicelib.core import errors
from chalicelib.core.errors import OverLimit, PushError
from chalicelib.web.body import TooLarge, Unreadable

Headers = dict[str, str | list[str]]  # as Chalice types them
CONTENT_TYPE = "application/problem+json"
_UNAVAILABLE_SECONDS = 5


class Broken(PushError):
    """Something failed that we had not foreseen. What you sent is not to blame, and the failure is on record.

    When: A bug of ours, or a fault in something we stand on.

    Do: Try again once, with the same Idempotency-Key if the request had one. If it stays, tell us the request id that
    stands in `instance`.
    """

    code = "internal_error"
    title = "Something broke on our side. It has been recorded under this request id."


class MethodNotAllowed(PushError):
    """The path exists, but this method means nothing there.

    When: A path that only reads is written to, or the other way around.

    Do: Use one of the methods in the Allow header.
    """

    code = "method_not_allowed"
    title = "This path does not take that method."


class UnsupportedMediaType(PushError):
    """The body says of itself that it is something other than what is taken here, mostly JSON, so it was not read.

    When: The Content-Type header names another type, as HTML forms and some clients do by default.

    Do: Send `Content-Type: application/json`; where identity providers post, `application/x-www-form-urlencoded`.
    """

    code = "unsupported_media_type"
    title = "Only application/json is understood here."


STATUS: dict[type[PushError], int] = {
    Unreadable: 400,
    errors.Unauthenticated: 401,
    errors.PaymentRequired: 402,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    MethodNotAllowed: 405,
    errors.Conflict: 409,
    TooLarge: 413,
    UnsupportedMediaType: 415,
    errors.Invalid: 422,
    OverLimit: 429,
    PushError: 500,
    errors.Unavailable: 503,
}
_OF_CHALICE: dict[int, type[PushError]] = {
    400: Unreadable,
    404: errors.NotFound,
    405: MethodNotAllowed,
}


def status_of(error: type[PushError]) -> int:
    return next(STATUS[family] for family in error.__mro__ if family in STATUS)


def page_of(code: str) -> str:
    """Where the problem is explained."""
    return f"{settings().public_path}/problems/{code}"


def document(error: PushError, *, instance: str) -> dict[str, Any]:
    return {
        **error.facts,
        "type": page_of(error.code),
        "title": error.title,
        "status": status_of(type(error)),
        "detail": error.detail,
        "code": error.code,
        "instance": instance,
    }


def answer(error: PushError, *, instance: str) -> Response:
    """Facts may hold whatever a schema may: times and the like are spelled as in any other answer."""
    text = to_json(document(error, instance=instance), fallback=str).decode()
    headers: Headers = {"Content-Type": CONTENT_TYPE, **_headers(error)}
    return Response(body=text, status_code=status_of(type(error)), headers=headers)


def _headers(error: PushError) -> Headers:
    if isinstance(error, OverLimit):
        return {"Retry-After": str(max(1, math.ceil(error.retry_after_seconds)))}
    if isinstance(error, errors.Unauthenticated):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, errors.Unavailable):
        return {"Retry-After": str(_UNAVAILABLE_SECONDS)}
    return {}


def of_chalice(status: int) -> PushError:
    """Chalice builds 400 and 405 itself, before any of our code runs."""
    return _OF_CHALICE.get(status, Broken)()
