"""The local product's log: its last lines in memory for the console, all of them in `.local/log` for `make logs`."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from logging.handlers import RotatingFileHandler
from pathlib import Path

from chalicelib.aws.telemetry import FIELDS
from chalicelib.core import clock
from infra.local.console.product_view import LogLine

_LINES_KEPT = 2_000
_LARGEST_FILE_BYTES = 5_000_000
_LONGEST_TEXT = 4_000
_tracebacks = logging.Formatter()


class LogTail(logging.Handler):
    """Belongs on the root logger: `with LogTail(file).attached(): …`. Times are the local clock's, as everywhere."""

    def __init__(self, file: Path, *, level: int = logging.INFO) -> None:
        super().__init__(level)
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = RotatingFileHandler(file, maxBytes=_LARGEST_FILE_BYTES, backupCount=1, delay=True)
        self._lines: deque[LogLine] = deque(maxlen=_LINES_KEPT)
        self._numbers = count(1)
        self._mutex = threading.Lock()

    @contextmanager
    def attached(self) -> Iterator[LogTail]:
        root = logging.getLogger()
        level = root.level
        root.addHandler(self)
        root.setLevel(min(level, self.level) if level else self.level)
        try:
            yield self
        finally:
            root.removeHandler(self)
            root.setLevel(level)
            self.close()

    def lines(self, *, after: int = 0, most: int) -> Sequence[LogLine]:
        with self._mutex:
            found = [line for line in self._lines if line.number > after]
        return found[-most:]

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = _line(record, next(self._numbers))
            with self._mutex:
                self._lines.append(line)
            self._file.emit(_as_text(line))
        except (ValueError, TypeError, OSError):
            self.handleError(record)

    def addFilter(self, filter: object) -> None:  # noqa: A002, N802 -- logging's own names
        """Takes none: Powertools puts one on root's handlers that would hide the product's own lines."""

    def close(self) -> None:
        self._file.close()
        super().close()


def _line(record: logging.LogRecord, number: int) -> LogLine:
    return LogLine(
        number=number,
        at=clock.now(),
        level=record.levelname,
        source=record.name,
        text=record.getMessage()[:_LONGEST_TEXT],
        facts={name: value for name, value in vars(record).items() if name in FIELDS and value is not None},
        trace=_trace(record),
    )


def _trace(record: logging.LogRecord) -> str | None:
    """A traceback, or what an alarm of telemetry tells of one: names, places and, on a laptop, the own words."""
    told = vars(record)
    if "exception" in told:
        says = f": {told['says']}" if told.get("says") else ""
        return "\n".join([*(f"  {place}" for place in told.get("trace", ())), " < ".join(told["exception"]) + says])
    if not record.exc_info or record.exc_info[0] is None:  # telemetry's alarms say exc_info=True, raised or not
        return None
    return _tracebacks.formatException(record.exc_info)


def _as_text(line: LogLine) -> logging.LogRecord:
    facts = "".join(f" {name}={value}" for name, value in line.facts.items())
    trace = "\n" + line.trace if line.trace else ""
    text = f"{line.at:%Y-%m-%d %H:%M:%S} {line.level:<8} {line.source}  {line.text}{facts}{trace}"
    return logging.LogRecord(line.source, logging.INFO, "", 0, text, None, None)
