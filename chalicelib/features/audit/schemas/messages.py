"""The messages of the audit queue. It carries three kinds of errand, because a queue more would be polled all day for
what comes a few times: an event that is late, a trail to be anchored, an export to be gone on with.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from chalicelib.aws.messages import Message
from chalicelib.features.audit.model import Fact


class Errand(Message, frozen=True, kw_only=True):
    """`kind` is empty for a late event, `anchor` as the calendar spells it, or `export`; `id` is the latter's. A late
    event is told by the rest: `tried_*` is where it may have landed already. `at` of an anchor is in milliseconds.
    """

    v: int = 2
    tenant: str
    kind: str = ""
    id: str = ""
    minute: int = 0
    actor: str = ""
    action: str = ""
    subject: str = ""
    request_id: str = ""
    at: datetime | int = 0
    tried_month: str | None = None
    tried_sequence: int | None = None
    facts: Mapping[str, Fact] = {}
