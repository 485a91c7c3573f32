"""One Lambda function, as the sources of the local runner call it: a handler, a context each time, all accounted for.

A handler that raises has failed; what happens to its messages is its source's business. Anything that is no `Exception`
(a test that kills a worker half-way) passes through, as a killed Lambda would never answer.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalice.app import EventSourceHandler

from chalicelib.core.ports import Clock

LOG = logging.getLogger("local.runner")
TIMEOUT_SECONDS = 60

Handler = Callable[[dict[str, Any], Any], Any]


class Failed(Exception):
    """The handler raised, or took longer than Lambda would have let it."""


@dataclass(frozen=True)
class Context:
    """What a handler may ask of its Lambda. Time counts down by the machine's clock, whatever the local one says."""

    function_name: str
    timeout_seconds: float = TIMEOUT_SECONDS
    memory_limit_in_mb: int = 512
    function_version: str = "$LATEST"
    invoked_function_arn: str = ""
    log_group_name: str = ""
    log_stream_name: str = ""
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))  # noqa: TID251 -- AWS's own id, not the product's
    _started: float = field(default_factory=time.monotonic)

    @property
    def elapsed_seconds(self) -> float:
        return time.monotonic() - self._started

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.timeout_seconds - self.elapsed_seconds) * 1000))


@dataclass(frozen=True)
class Tally:
    runs: int = 0
    failures: int = 0
    running: int = 0
    last_run_at: datetime | None = None
    last_error: str = ""


class Function:
    def __init__(self, name: str, handler: Handler, *, clock: Clock, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.name = name
        self._handler = _built(handler)
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._tally = Tally()

    @property
    def tally(self) -> Tally:
        return self._tally

    def invoke(self, event: dict[str, Any]) -> Any:
        context = Context(self.name, self._timeout_seconds)
        self._count(running=1, at=self._clock.now())
        error = "killed"
        try:
            answer = self._handler(event, context)
            if context.elapsed_seconds > context.timeout_seconds:
                raise TimeoutError(f"ran {context.elapsed_seconds:.0f} s of {context.timeout_seconds:.0f}")  # noqa: TRY301
            error = ""
        except (Exception, SystemExit) as failure:
            error = f"{type(failure).__name__}: {failure}"
            LOG.exception("%s failed (request %s)", self.name, context.aws_request_id)
            raise Failed(self.name) from failure
        finally:
            self._count(running=-1, error=error)
        return answer

    def _count(self, *, running: int, at: datetime | None = None, error: str = "") -> None:
        with self._lock:
            was = self._tally
            self._tally = Tally(
                runs=was.runs + (running < 0),
                failures=was.failures + bool(error),
                running=was.running + running,
                last_run_at=at or was.last_run_at,
                last_error=error or was.last_error,
            )


def _built(handler: Handler) -> Handler:
    """Chalice builds a handler's middleware on its first call, from a generator: two first calls at once share it."""
    if isinstance(handler, EventSourceHandler) and handler.handler is None:
        chain = list(handler.middleware_handlers)
        handler.middleware_handlers = chain
        handler.handler = handler._build_middleware_handlers(chain, original_handler=handler.func)  # noqa: SLF001
    return handler
