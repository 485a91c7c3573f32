"""Events over DynamoDB and their queue, and the runs they are about."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from chalicelib.core.receipts import Receipts
from chalicelib.features.analytics.model import Report
from chalicelib.features.analytics.service.clicking import Clicking
from chalicelib.features.analytics.service.counting import Counting
from chalicelib.features.analytics.service.figures import Results
from chalicelib.features.analytics.service.reporting import Reporting
from chalicelib.features.analytics.store import EventRows
from chalicelib.features.sites.service import Sites


class _Waiting:
    def put(self, report: Report) -> None:
        from chalicelib.aws.queues import Queue
        from chalicelib.features.analytics.schemas.messages import ReportMessage

        Queue("events").send(ReportMessage.of(report), group=report.tenant_id)


@cache
def reporting() -> Reporting:
    return Reporting(receipts=_receipts, waiting=_Waiting())


@cache
def clicking() -> Clicking:
    return Clicking(receipts=_receipts, runs=_rows(), waiting=_Waiting(), lost=_lost)


@cache
def counting() -> Counting:
    from chalicelib.aws.worker import each_for_itself
    from chalicelib.features.subscriptions.wiring import subscriptions

    return Counting(counts=_rows(), lives=subscriptions(), each=partial(each_for_itself, "count_events"))


@cache
def results() -> Results:
    from chalicelib.features.sending.wiring import sending
    from chalicelib.features.sites.wiring import sites

    return Results(runs=_rows(), sending=sending(), sites=sites())


def gate() -> Sites:
    """Who admits browsers to the routes of this slice."""
    from chalicelib.features.sites.wiring import sites

    return sites()


def refused_on_pages() -> _OfRefusals:
    return _OfRefusals()


class _OfRefusals:
    """Reports come from the site's worker, which stays where it is when the SDK has gone from the pages: that one
    arrives is no sign of the SDK, and that one is refused is news.
    """

    def note(self, *, code: str | None, **told: Any) -> None:
        from chalicelib.features.sightings.wiring import witness

        if code is not None:
            witness().note(code=code, **told)


def _rows() -> EventRows:
    from chalicelib.features.analytics.store import EventRows, RunReading
    from chalicelib.features.sending.wiring import run_reading

    return EventRows(reading=RunReading(*run_reading()))


def _receipts() -> Receipts:
    from chalicelib.aws.secrets import secret
    from chalicelib.config import settings

    return Receipts(secret(settings().secret_pepper).encode())


def _lost() -> None:
    from chalicelib.aws import telemetry

    telemetry.warn("click_uncounted")
    telemetry.count("clicks_uncounted")
