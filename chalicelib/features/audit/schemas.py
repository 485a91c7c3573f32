"""The message of the audit queue: an event that could not be appended at once."""

from __future__ import annotations

from datetime import datetime

from chalicelib.aws.messages import Message


class LateEvent(Message, frozen=True, kw_only=True):
    """`tried_*` is where the event may have landed already."""

    tenant: str
    actor: str
    action: str
    subject: str
    request_id: str
    at: datetime
    tried_month: str | None = None
    tried_sequence: int | None = None
