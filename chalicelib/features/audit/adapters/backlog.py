"""The audit queue as the service sees it."""

from __future__ import annotations

from chalicelib.aws.queues import Queue
from chalicelib.features.audit.model import Event, Place
from chalicelib.features.audit.schemas import LateEvent


class QueueBacklog:
    def put(self, event: Event, *, tried: Place | None) -> None:
        message = LateEvent(
            tenant=event.tenant_id,
            actor=event.actor,
            action=event.action,
            subject=event.subject,
            request_id=event.request_id,
            at=event.at,
            tried_month=tried.month if tried else None,
            tried_sequence=tried.sequence if tried else None,
        )
        Queue("audit").send(message, group=event.tenant_id)
