"""What schemathesis does differently here. It is copied beside the settings, which name it."""

from __future__ import annotations

from typing import Any

import schemathesis
from schemathesis.generation.meta import TestPhase

_KEY = "Idempotency-Key"


@schemathesis.hook
def before_call(_context: Any, case: schemathesis.Case[Any], _words: dict[str, Any]) -> None:
    """In a chain of requests every creation is a new one.

    A key that comes back is answered with the site that it made the first time. An earlier chain may have closed that
    one since, and the 404 that follows would look like something lost.
    """
    if case.headers and case.meta and case.meta.phase.name is TestPhase.STATEFUL:
        case.headers.pop(_KEY, None)
