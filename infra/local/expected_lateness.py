"""Whoever advances the clock makes what was due in between late. `start.py` has that told as what it is: no alarm."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from infra.local.clock import LocalClock

_EVENT = "due_entry_late"
_EXPECTED_FOR_SECONDS = 60.0  # by the machine's clock: the tick wakes at once, and may have a lot to find


class ExpectedLateness(logging.Filter):
    """Shortly after an advance the alarm is a note that says why. Any other time it stays one."""

    def __init__(self, clock: LocalClock) -> None:
        super().__init__()
        self._advanced_at: float | None = None
        clock.on_advance(self._note)

    def filter(self, record: logging.LogRecord) -> bool:
        if record.getMessage() == _EVENT and self._is_expected():
            record.levelno, record.levelname = logging.INFO, logging.getLevelName(logging.INFO)
            vars(record)["reason"] = "the clock was advanced"
        return True

    def _note(self) -> None:
        self._advanced_at = time.monotonic()

    def _is_expected(self) -> bool:
        return self._advanced_at is not None and time.monotonic() - self._advanced_at < _EXPECTED_FOR_SECONDS


@contextmanager
def expected_after_advances(clock: LocalClock) -> Iterator[None]:
    """On the product's own logger, so that terminal, file and console agree."""
    logger, lateness = logging.getLogger("pushsaas"), ExpectedLateness(clock)
    logger.addFilter(lateness)
    try:
        yield
    finally:
        logger.removeFilter(lateness)
