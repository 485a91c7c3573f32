"""Lands the audit events that could not be appended when they happened."""

from __future__ import annotations

from chalicelib.aws.worker import Invocation, Worker
from chalicelib.features.audit.model import Event, Place
from chalicelib.features.audit.schemas import LateEvent
from chalicelib.features.audit.wiring import audit

worker = Worker(__name__)


@worker.queue("audit", LateEvent)
def append_late(message: LateEvent, _invocation: Invocation) -> None:
    event = Event(
        tenant_id=message.tenant,
        actor=message.actor,
        action=message.action,
        subject=message.subject,
        request_id=message.request_id,
        at=message.at,
    )
    tried = (
        Place(message.tried_month, message.tried_sequence) if message.tried_month and message.tried_sequence else None
    )
    audit().land(event, tried=tried)
