"""The address that somebody wants, as a row beside them, and the move to it: `USER#<id>` / `EMAIL_CHANGE`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from chalicelib.aws.dynamo import Delete, Put, Refused, absent, equals, transact
from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import Stale
from chalicelib.features.identity.model.email_change import EmailChange
from chalicelib.features.identity.model.person import EmailTaken, User
from chalicelib.features.identity.model.session import Session
from chalicelib.features.identity.store.person import claim, user_key
from chalicelib.features.identity.store.rows import CORE, Key, change, changing, fields, look_up, read
from chalicelib.features.identity.store.session import session_key

_SWEPT_AFTER = timedelta(hours=1)


class EmailChangeRows:
    def put(self, wanted: EmailChange, *, forgiving: Session) -> None:
        pk, sk = _key(wanted.user_id)
        ttl = in_seconds(wanted.expires_at + _SWEPT_AFTER)
        try:
            transact(
                Put(CORE, {"pk": pk, "sk": sk, "v": 1, **fields(wanted), "ttl": ttl}),
                changing(session_key(forgiving.user_id, forgiving.id), rev=forgiving.rev, attempts=0),
            )
        except Refused:
            raise Stale from None

    def of_user(self, user_id: str) -> tuple[EmailChange | None, User | None]:
        wanted, user = look_up(_key(user_id), user_key(user_id))
        return read(wanted, EmailChange) if wanted else None, read(user, User) if user else None

    def count_attempt(self, wanted: EmailChange, *, mark: str) -> EmailChange:
        attempts = wanted.attempts + 1
        change(_key(wanted.user_id), rev=wanted.rev, attempts=attempts, last_attempt=mark)
        return replace(wanted, attempts=attempts, last_attempt=mark, rev=wanted.rev + 1)

    def move(self, user: User, wanted: EmailChange) -> None:
        """The new claim, the end of the old one and of the wish, and the user: all or nothing."""
        try:
            transact(
                Put(CORE, claim(wanted.mailbox, user.id), absent()),
                Delete(CORE, f"EMAIL#{user.mailbox}", "-", equals("user_id", user.id)),
                changing(user_key(user.id), rev=user.rev, email=wanted.email, mailbox=wanted.mailbox),
                Delete(CORE, *_key(user.id), equals("id", wanted.id)),
            )
        except Refused as refused:
            is_claim = (refused.row or {}).get("pk") == f"EMAIL#{wanted.mailbox}"
            raise (EmailTaken if is_claim else Stale) from None


def _key(user_id: str) -> Key:
    return f"USER#{user_id}", "EMAIL_CHANGE"
