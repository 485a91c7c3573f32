"""Idempotency-Key: the same key and body give the same answer, whatever happened in between. The HTTP door calls it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from chalicelib.core.errors import Invalid, Unavailable
from chalicelib.web.app import App
from chalicelib.web.call import Answer, Call
from chalicelib.web.endpoint import Endpoint
from chalicelib.web.schema import Schema, without_secrets

_LONGEST_KEY = 255

Replay = tuple[int, str]


def perform_once(
    app: App, endpoint: Endpoint, call: Call[Any], *, key: str, raw: bytes, perform: Callable[[], Answer]
) -> Answer | Replay:
    """A Replay (status, text) when it was done before. Only a failure of `perform` frees the key for another try."""
    if not 0 < len(key) <= _LONGEST_KEY:
        raise Invalid("An Idempotency-Key has 1 to 255 characters.")
    replays = app.replays()
    place = _digest(*_credentials(call), endpoint.method, endpoint.path.format(**call.path), key)
    fingerprint = _digest(raw.decode(), json.dumps(call.query.model_dump(mode="json"), sort_keys=True))
    before = replays.begin(place=place, fingerprint=fingerprint, now=call.at)
    if before is not None:
        return before
    try:
        answer = perform()
    except BaseException:
        _attempt(app, call, lambda: replays.abandon(place=place))
        raise
    text = without_secrets(answer.body) if isinstance(answer.body, Schema) else str(answer.body)
    status = answer.status or endpoint.status
    _attempt(
        app,
        call,
        lambda: replays.finish(
            place=place, fingerprint=fingerprint, status=status, body=text, now=call.at, tenant_id=call.tenant_id
        ),
    )
    return answer


def _credentials(call: Call[Any]) -> tuple[str, str, str]:
    """Per tenant; and a test key's answers are not a live one's, nor what a key bound to one site may see another's."""
    return call.tenant_id, call.principal.mode, call.principal.site_id or ""


def _attempt(app: App, call: Call[Any], remember: Callable[[], None]) -> None:
    """What was done is done, and what failed has failed: a memory that does not answer changes neither."""
    try:
        remember()
    except Unavailable:
        app.observer.alarm("replay_not_kept", request_id=call.request_id)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
