"""The audit trail on DynamoDB, with the audit queue behind it."""

from __future__ import annotations

from functools import cache

from chalicelib.features.audit.service import AuditLog


@cache
def audit() -> AuditLog:
    from chalicelib.features.audit.adapters.backlog import QueueBacklog
    from chalicelib.features.audit.store import AuditRows

    return AuditLog(entries=AuditRows(), backlog=QueueBacklog())
