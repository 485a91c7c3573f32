"""The status table: what each push service means by each answer. Pure, and nothing else knows their numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus as Http

from chalicelib.channels.outcome import ACCEPTED, Outcome, Verdict
from chalicelib.core.retry import SHORTEST_SECONDS, retry_after_seconds

_NOT_FOUND_MEANS_GONE = ("fcm.googleapis.com", "jmt17.google.com", ".push.services.mozilla.com")
_KEY_MISMATCH = {"VapidPkHashMismatch", "MismatchSenderId", "SenderId mismatch"}
_WNS = ".notify.windows.com"
_AUTOPUSH_RETRY_NOW = 202  # its errno beside a 503
_FAILURES = {
    Http.BAD_REQUEST: "message_refused",
    Http.NOT_FOUND: "not_found",
    Http.NOT_ACCEPTABLE: "message_refused",
    Http.REQUEST_ENTITY_TOO_LARGE: "too_large",
} | dict.fromkeys(range(300, 400), "redirected")


def judge(host: str, status: int, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Outcome:
    if status in {Http.OK, Http.CREATED, Http.ACCEPTED}:
        return ACCEPTED
    if status == Http.GONE or (status == Http.NOT_FOUND and host.endswith(_NOT_FOUND_MEANS_GONE)):
        return Outcome(Verdict.GONE, "ended")
    if status == Http.TOO_MANY_REQUESTS or (status == Http.NOT_ACCEPTABLE and host.endswith(_WNS)):
        return Outcome(Verdict.LATER, "throttled", _wish(headers, now))
    if status == Http.SERVICE_UNAVAILABLE and _member(body, "errno") == _AUTOPUSH_RETRY_NOW:
        return Outcome(Verdict.LATER, "service_busy", SHORTEST_SECONDS)
    if status >= Http.INTERNAL_SERVER_ERROR:
        return Outcome(Verdict.LATER, "service_busy", _wish(headers, now))
    if status in {Http.UNAUTHORIZED, Http.FORBIDDEN}:
        return Outcome(Verdict.FAILED, _refusal(body))
    return Outcome(Verdict.FAILED, _FAILURES.get(status, "odd_answer"))


def _wish(headers: Mapping[str, str], now: datetime) -> float | None:
    header = headers.get("retry-after")
    return None if header is None else retry_after_seconds(header, now=now)


def _refusal(body: bytes) -> str:
    """A key that does not fit the subscription is the browser's to mend; any other refusal is ours."""
    said = str(_member(body, "reason") or _member(body, "message") or body[:200].decode(errors="replace"))
    return "needs_resubscribe" if any(word in said for word in _KEY_MISMATCH) else "vapid_refused"


def _member(body: bytes, name: str) -> object:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document.get(name) if isinstance(document, dict) else None
