"""The queue of events: what browsers have told, a hundred reports at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from chalicelib.aws.worker import Invocation, Worker
from chalicelib.features.analytics.schemas.messages import ReportMessage
from chalicelib.features.analytics.wiring import counting

worker = Worker(__name__)

_REPORTS_AT_ONCE = 100
_LEFT_FOR_A_PORTION_MS = 10_000  # what each can take where the table hardly answers
_WAITS_SECONDS = 1  # for more of them: a live figure is a second late


@worker.batch("events", ReportMessage, at_once=_REPORTS_AT_ONCE, window_seconds=_WAITS_SECONDS)
def count_events(messages: Sequence[ReportMessage], invocation: Invocation) -> Collection[int]:
    return counting().count(
        [message.report for message in messages],
        now=invocation.started_at,
        has_time=lambda: invocation.remaining_ms() > _LEFT_FOR_A_PORTION_MS,
    )
