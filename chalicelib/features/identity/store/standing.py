"""User, session and membership in one look-up: what the door asks where a token's word is not enough."""

from __future__ import annotations

from chalicelib.features.identity.model.person import Member, User
from chalicelib.features.identity.model.session import Session, Standing
from chalicelib.features.identity.store.person import member_key, user_key
from chalicelib.features.identity.store.rows import CORE, read
from chalicelib.features.identity.store.session import session_key


class StandingRows:
    def of(self, *, user_id: str, session_id: str, tenant_id: str) -> Standing:
        keys = [user_key(user_id), session_key(user_id, session_id), member_key(tenant_id, user_id)]
        found = {(row["pk"], row["sk"]): row for row in CORE.get_many(keys)}
        user, session, member = (found.get(key) for key in keys)
        return Standing(
            user=read(user, User) if user else None,
            session=read(session, Session) if session else None,
            member=read(member, Member) if member else None,
        )
