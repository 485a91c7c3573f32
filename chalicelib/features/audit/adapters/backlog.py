"""The audit queue as the services see it."""

from __future__ import annotations

from chalicelib.aws.queues import Queue
from chalicelib.features.audit.model import Event, Export, Place
from chalicelib.features.audit.schemas.messages import Errand

EXPORT = "export"


class QueueBacklog:
    def put(self, event: Event, *, tried: Place | None) -> None:
        message = Errand(
            tenant=event.tenant_id,
            actor=event.actor,
            action=event.action,
            subject=event.subject,
            request_id=event.request_id,
            at=event.at,
            tried_month=tried.month if tried else None,
            tried_sequence=tried.sequence if tried else None,
            facts=event.facts,
        )
        Queue("audit").send(message, group=event.tenant_id)


class ExportWakes:
    def send(self, export: Export) -> None:
        Queue("audit").send(Errand(tenant=export.tenant_id, kind=EXPORT, id=export.id), group=export.tenant_id)
