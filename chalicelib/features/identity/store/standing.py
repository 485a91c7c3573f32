"""User, session, membership and tenant in one look-up: what the door asks where a token's word is not enough."""

from __future__ import annotations

from chalicelib.features.identity.model.person import Member, User
from chalicelib.features.identity.model.session import Session, Standing
from chalicelib.features.identity.store.person import member_key, user_key
from chalicelib.features.identity.store.rows import TenantRow, look_up, read
from chalicelib.features.identity.store.session import session_key


class StandingRows:
    def __init__(self, *, tenant: TenantRow) -> None:
        self._tenant = tenant

    def of(self, *, user_id: str, session_id: str, tenant_id: str) -> Standing:
        user, session, member, tenant = look_up(
            user_key(user_id),
            session_key(user_id, session_id),
            member_key(tenant_id, user_id),
            self._tenant.key(tenant_id),
        )
        return Standing(
            user=read(user, User) if user else None,
            session=read(session, Session) if session else None,
            member=read(member, Member) if member else None,
            tenant=self._tenant.read(tenant) if tenant else None,
        )
