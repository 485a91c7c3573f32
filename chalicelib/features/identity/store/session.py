"""Sessions as rows of the core table: `USER#<user>` / `SESSION#<session>`. Nothing in them opens anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from chalicelib.aws.dynamo import Span
from chalicelib.core.clock import in_seconds
from chalicelib.features.identity.model.session import Ending, Session
from chalicelib.features.identity.store.rows import CORE, Key, change, insert, read


class SessionRows:
    def put(self, session: Session) -> None:
        CORE.write(insert(session_key(session.user_id, session.id), session, ttl=in_seconds(session.expires_at)))

    def get(self, user_id: str, session_id: str) -> Session | None:
        row = CORE.get(*session_key(user_id, session_id))
        return read(row, Session) if row else None

    def of_user(self, user_id: str) -> Iterator[Session]:
        position: str | None = None
        while True:
            page = CORE.query(f"USER#{user_id}", Span(prefix="SESSION#"), position=position)
            yield from (read(row, Session) for row in page.rows)
            position = page.position
            if position is None:
                return

    def rotate(self, session: Session, *, tenant_id: str, now: datetime) -> Session:
        """The next generation. Raises Stale when somebody else was first."""
        rotated = replace(
            session, generation=session.generation + 1, rotated_at=now, tenant_id=tenant_id, rev=session.rev + 1
        )
        change(
            session_key(session.user_id, session.id),
            rev=session.rev,
            generation=rotated.generation,
            rotated_at=now,
            tenant_id=tenant_id,
            ttl=in_seconds(rotated.expires_at),
        )
        return rotated

    def end(self, session: Session, *, ending: Ending) -> None:
        change(session_key(session.user_id, session.id), rev=session.rev, ended=ending)


def session_key(user_id: str, session_id: str) -> Key:
    return f"USER#{user_id}", f"SESSION#{session_id}"
