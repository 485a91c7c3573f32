"""The status table: what each push service means by each answer. Pure, and nothing else knows their numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus as Http

from chalicelib.channels.endpoints import Vendor
from chalicelib.channels.outcome import ACCEPTED, Outcome, Verdict
from chalicelib.core.retry import SHORTEST_SECONDS, retry_after_seconds

TAKEN = frozenset({Http.OK, Http.CREATED, Http.ACCEPTED})
_NOT_FOUND_MEANS_GONE = {Vendor.FCM, Vendor.MOZILLA}
_KEY_MISMATCH = (  # "another key than it was made with", in the words of Apple, Mozilla and, twice, Google
    "VapidPkHashMismatch",
    "public key mismatch",
    "do not correspond to the credentials",
    "not correspond to the sender ID",
)
_AUTOPUSH_RETRY_NOW = 202  # its errno beside a 503
_REFUSALS = {Http.BAD_REQUEST, Http.UNAUTHORIZED, Http.FORBIDDEN}
_FAILURES = {
    Http.BAD_REQUEST: "message_refused",
    Http.UNAUTHORIZED: "vapid_refused",
    Http.FORBIDDEN: "vapid_refused",
    Http.NOT_FOUND: "not_found",
    Http.NOT_ACCEPTABLE: "message_refused",
    Http.REQUEST_ENTITY_TOO_LARGE: "too_large",
} | dict.fromkeys(range(300, 400), "redirected")


def judge(vendor: Vendor, status: int, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Outcome:
    if status in TAKEN:
        return ACCEPTED
    if status == Http.GONE or (status == Http.NOT_FOUND and vendor in _NOT_FOUND_MEANS_GONE):
        return Outcome(Verdict.GONE, "ended")
    if status == Http.TOO_MANY_REQUESTS or (status == Http.NOT_ACCEPTABLE and vendor is Vendor.WNS):
        return Outcome(Verdict.LATER, "throttled", _wish(headers, now))
    if status == Http.SERVICE_UNAVAILABLE and _member(body, "errno") == _AUTOPUSH_RETRY_NOW:
        return Outcome(Verdict.LATER, "service_busy", SHORTEST_SECONDS)
    if status >= Http.INTERNAL_SERVER_ERROR:
        return Outcome(Verdict.LATER, "service_busy", _wish(headers, now))
    return Outcome(Verdict.FAILED, _failure(status, body))


def _failure(status: int, body: bytes) -> str:
    """A key that does not fit the subscription is the browser's to mend; any other refused credentials are ours."""
    if status in _REFUSALS and any(words in body.decode(errors="replace") for words in _KEY_MISMATCH):
        return "needs_resubscribe"
    return _FAILURES.get(status, "odd_answer")


def _wish(headers: Mapping[str, str], now: datetime) -> float | None:
    header = headers.get("retry-after")
    return None if header is None else retry_after_seconds(header, now=now)


def _member(body: bytes, name: str) -> object:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document.get(name) if isinstance(document, dict) else None
