"""Refusals as rows of the core table: `REFUSES#<mailbox>`."""

from __future__ import annotations

from contextlib import suppress

import msgspec

from chalicelib.aws.dynamo import Put, Refused, Table, absent, equals
from chalicelib.aws.values import known
from chalicelib.core.clock import in_seconds
from chalicelib.features.mail.model import Reason, Refusal

_TABLE = Table("core")


class RefusalRows:
    def of(self, mailbox: str) -> Refusal | None:
        row = _TABLE.get(f"REFUSES#{mailbox}")
        return msgspec.convert(known(row), Refusal) if row else None

    def put(self, refusal: Refusal) -> None:
        ttl = in_seconds(refusal.ends_at) if refusal.ends_at else None
        row = {"pk": f"REFUSES#{refusal.mailbox}", "sk": "-", "v": 1, **msgspec.to_builtins(refusal), "ttl": ttl}
        weaker = absent() | equals("reason", Reason.BOUNCE.value)
        with suppress(Refused):  # a complaint stands there, and stays
            _TABLE.write(Put(_TABLE, row, None if refusal.reason is Reason.COMPLAINT else weaker))
