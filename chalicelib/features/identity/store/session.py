"""Sessions as rows of the core table: `USER#<user>` / `SESSION#<session>`. Nothing in them opens anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.aws.dynamo import Span
from chalicelib.core.clock import in_seconds
from chalicelib.core.paging import Page
from chalicelib.features.identity.model.session import Ending, Session
from chalicelib.features.identity.store.rows import CORE, Key, change, insert, read


class SessionRows:
    def put(self, session: Session) -> None:
        CORE.write(insert(session_key(session.user_id, session.id), session, ttl=in_seconds(session.expires_at)))

    def get(self, user_id: str, session_id: str) -> Session | None:
        row = CORE.get(*session_key(user_id, session_id))
        return read(row, Session) if row else None

    def of_user(self, user_id: str, *, limit: int, position: str | None) -> Page[Session]:
        page = CORE.query(f"USER#{user_id}", Span(prefix="SESSION#"), limit=limit, position=position)
        return Page([read(row, Session) for row in page.rows], page.position)

    def rotate(self, session: Session, *, tenant_id: str, now: datetime) -> Session:
        """The next generation. Raises Stale when somebody else was first."""
        return self._rotated(session, tenant_id=tenant_id, rotated_at=now)

    def prove(self, session: Session, *, now: datetime) -> Session:
        return self._rotated(session, rotated_at=now, proven_at=now, attempts=0)

    def count_attempt(self, session: Session, *, mark: str) -> Session:
        return self._changed(session, attempts=session.attempts + 1, last_attempt=mark)

    def forgive_attempts(self, session: Session) -> Session:
        return self._changed(session, attempts=0)

    def end(self, session: Session, *, ending: Ending) -> None:
        self._changed(session, ended=ending)

    def _rotated(self, session: Session, **changes: Any) -> Session:
        rotated = replace(session, generation=session.generation + 1, **changes)
        return self._changed(session, generation=rotated.generation, **changes, ttl=in_seconds(rotated.expires_at))

    def _changed(self, session: Session, *, ttl: int | None = None, **changes: Any) -> Session:
        swept = {"ttl": ttl} if ttl else {}
        change(session_key(session.user_id, session.id), rev=session.rev, **changes, **swept)
        return replace(session, **changes, rev=session.rev + 1)


def session_key(user_id: str, session_id: str) -> Key:
    return f"USER#{user_id}", f"SESSION#{session_id}"
