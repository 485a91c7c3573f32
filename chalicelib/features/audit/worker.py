"""The audit queue's errands: lands late events, anchors trails once a day, goes on with exports."""

from __future__ import annotations

from datetime import UTC, datetime

from chalicelib.aws.worker import Invocation, Worker
from chalicelib.core.clock import from_milliseconds
from chalicelib.core.errors import FromTheFuture
from chalicelib.features.audit.model import Event, Place
from chalicelib.features.audit.schemas.messages import Errand
from chalicelib.features.audit.wiring import anchoring, audit, calendar, exporting
from chalicelib.features.due.model import Entry

worker = Worker(__name__)

_LEFT_FOR_A_PART_MS = 20_000  # to read, put and count one more


@worker.queue("audit", Errand)
def append_late(message: Errand, invocation: Invocation) -> None:
    match message.kind:
        case "":
            _land(message)
        case "anchor":
            _anchor(message)
        case "export":
            exporting().go_on(
                tenant_id=message.tenant,
                export_id=message.id,
                has_time=lambda: invocation.remaining_ms() > _LEFT_FOR_A_PART_MS,
            )
        case _:
            raise FromTheFuture


def _land(message: Errand) -> None:
    event = Event(
        tenant_id=message.tenant,
        actor=message.actor,
        action=message.action,
        subject=message.subject,
        request_id=message.request_id,
        at=_instant(message.at),
        facts=message.facts,
    )
    tried = (
        Place(message.tried_month, message.tried_sequence) if message.tried_month and message.tried_sequence else None
    )
    audit().land(event, tried=tried)


def _anchor(message: Errand) -> None:
    anchoring().anchor(tenant_id=message.tenant)
    calendar().done(Entry(message.kind, message.tenant, message.id, _instant(message.at), message.minute))


def _instant(at: datetime | int) -> datetime:
    return from_milliseconds(at) if isinstance(at, int) else at.astimezone(UTC)
