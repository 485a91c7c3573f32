"""What schemathesis does differently here. It is copied beside the settings, which name it."""

from __future__ import annotations

import base64
import os
import time
from typing import Any

import schemathesis
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from schemathesis.generation import GenerationMode
from schemathesis.generation.meta import TestPhase

_KEY = "Idempotency-Key"
_CONFIRMS = "POST /v1/auth/totp/confirm"


@schemathesis.hook
def before_call(_context: Any, case: schemathesis.Case[Any], _words: dict[str, Any]) -> None:
    if case.operation.label == _CONFIRMS:
        _look_at_the_phone(case)
    _make_anew(case)


def _look_at_the_phone(case: schemathesis.Case[Any]) -> None:
    """No list of values has the code of the moment."""
    is_meant_well = case.meta and case.meta.generation.mode is GenerationMode.POSITIVE
    if is_meant_well and isinstance(case.body, dict) and "otp" in case.body:
        secret = base64.b32decode(os.environ["TOTP_SECRET"])  # noqa: TID251 -- where the stage puts what it knows
        case.body["otp"] = TOTP(secret, 6, SHA1(), 30).generate(int(time.time())).decode()  # noqa: TID251 -- a phone's


def _make_anew(case: schemathesis.Case[Any]) -> None:
    """In a chain of requests every creation is a new one.

    A key that comes back is answered with the site that it made the first time. An earlier chain may have closed that
    one since, and the 404 that follows would look like something lost.
    """
    if case.headers and case.meta and case.meta.phase.name is TestPhase.STATEFUL:
        case.headers.pop(_KEY, None)
