"""An advanced clock makes things late on purpose; anything else that is late is still an alarm."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from chalicelib.aws import telemetry
from infra.local.clock import LocalClock
from infra.local.expected_lateness import expected_after_advances


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, str, str | None]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append((record.levelname, record.getMessage(), vars(record).get("reason")))


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What leaves the product's own logger."""
    lines, logger = Lines(), logging.getLogger("pushsaas")
    logger.addHandler(lines)
    yield lines
    logger.removeHandler(lines)


def test_what_an_advance_made_late_is_told_without_alarm(lines: Lines) -> None:
    clock = LocalClock()
    with expected_after_advances(clock):
        telemetry.alarm("due_entry_late", kind="run")
        clock.advance(3_600)
        telemetry.alarm("due_entry_late", kind="run")
        telemetry.alarm("worker_failed")
    telemetry.alarm("due_entry_late", kind="run")
    assert lines.seen == [
        ("ERROR", "due_entry_late", None),
        ("INFO", "due_entry_late", "the clock was advanced"),
        ("ERROR", "worker_failed", None),
        ("ERROR", "due_entry_late", None),
    ]
