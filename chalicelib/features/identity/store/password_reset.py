"""The open link of a mailbox to a new password, as a row of the core table: `RESET#<mailbox>`."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.aws.dynamo import Put, Refused, absent, equals
from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import Stale
from chalicelib.features.identity.model.password_reset import PasswordReset
from chalicelib.features.identity.store.rows import CORE, fields, read

_SWEPT_AFTER = timedelta(hours=1)


class PasswordResetRows:
    def at(self, mailbox: str) -> PasswordReset | None:
        row = CORE.get(f"RESET#{mailbox}")
        return read(row, PasswordReset) if row else None

    def put(self, reset: PasswordReset, *, instead_of: PasswordReset | None) -> None:
        ttl = in_seconds(reset.expires_at + _SWEPT_AFTER)
        row = {"pk": f"RESET#{reset.mailbox}", "sk": "-", "v": 1, **fields(reset), "ttl": ttl}
        try:
            CORE.write(Put(CORE, row, equals("id", instead_of.id) if instead_of else absent()))
        except Refused:
            raise Stale from None
