"""The audit trail on DynamoDB, with the audit queue behind it and its anchors in the bucket."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from chalicelib.features.audit.service.anchoring import Anchoring
from chalicelib.features.audit.service.appending import AuditLog, Backlog
from chalicelib.features.audit.service.exporting import Exporting
from chalicelib.features.audit.service.reading import AuditTrail

if TYPE_CHECKING:
    from chalicelib.features.audit.adapters.calendar import AnchorCalendar


@cache
def calendar() -> AnchorCalendar:
    from chalicelib.features.audit.adapters.calendar import AnchorCalendar
    from chalicelib.features.due.wiring import due

    return AnchorCalendar(due())


@cache
def audit() -> AuditLog:
    from chalicelib.features.audit.adapters.backlog import QueueBacklog
    from chalicelib.features.audit.store.entries import AuditRows
    from chalicelib.features.audit.store.readings import ReadingRows

    return AuditLog(entries=AuditRows(), backlog=QueueBacklog(), anchors=calendar(), readings=ReadingRows())


@cache
def backlog() -> Backlog:
    """For workers that have no door to write for them: what they put there is in the trail a moment later."""
    from chalicelib.features.audit.adapters.backlog import QueueBacklog

    return QueueBacklog()


@cache
def trail() -> AuditTrail:
    from chalicelib.aws.secrets import secret
    from chalicelib.config import settings
    from chalicelib.features.audit.adapters.anchors import AnchorBlobs
    from chalicelib.features.audit.store.entries import AuditRows

    return AuditTrail(
        ledger=AuditRows(),
        anchors=AnchorBlobs(),
        cursor_secret=lambda: secret(settings().secret_pepper).encode(),
    )


@cache
def anchoring() -> Anchoring:
    from chalicelib.aws import telemetry
    from chalicelib.features.audit.adapters.anchors import AnchorBlobs
    from chalicelib.features.audit.store.entries import AuditRows

    return Anchoring(entries=AuditRows(), trail=trail(), anchors=AnchorBlobs(), alarm=telemetry.alarm)


@cache
def exporting() -> Exporting:
    from chalicelib.features.audit.adapters.backlog import ExportWakes
    from chalicelib.features.audit.adapters.export_files import ExportFiles
    from chalicelib.features.audit.store.entries import AuditRows
    from chalicelib.features.audit.store.exports import ExportRows

    return Exporting(exports=ExportRows(), files=ExportFiles(), wakes=ExportWakes(), ledger=AuditRows())
