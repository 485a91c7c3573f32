"""What the product itself writes into its log, in bytes; CloudWatch charges for each."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

LOGGER = "pushsaas"
EVENT_BYTES = 26  # CloudWatch adds to every line


class LogLines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.size_bytes = 0

    @contextmanager
    def attached(self) -> Iterator[None]:
        logger = logging.getLogger(LOGGER)
        logger.addHandler(self)
        try:
            yield
        finally:
            logger.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """As JSON with all its fields, roughly: no outcome of a push writes any."""
        self.size_bytes += len(str(record.__dict__).encode()) + EVENT_BYTES
