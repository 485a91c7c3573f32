"""User, session, membership and tenant in one look-up: what the door asks where a token's word is not enough. And who
holds a session, for those who prove themselves once more.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.features.identity.model.person import Member, User
from chalicelib.features.identity.model.second_factor import SecondFactor
from chalicelib.features.identity.model.session import Bearer, Session, Standing
from chalicelib.features.identity.store.person import member_key, user_key
from chalicelib.features.identity.store.rows import CORE, TenantRow, look_up, read
from chalicelib.features.identity.store.second_factor import factor_key
from chalicelib.features.identity.store.session import session_key
from chalicelib.features.tenants.model import Tenant


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

    def bearer(self, user_id: str, session_id: str) -> Bearer:
        place = session_key(user_id, session_id)
        user, session, factor = look_up(user_key(user_id), place, factor_key(user_id))
        found = Bearer(
            user=read(user, User) if user else None,
            session=read(session, Session) if session else None,
            factor=read(factor, SecondFactor) if factor else None,
        )
        if found.user is None or found.session is None or found.session.era >= found.user.era:
            return found
        newer = CORE.get(*place)  # a new password may just have taken it along
        return replace(found, session=read(newer, Session) if newer else None)

    def seat(self, tenant_id: str, user_id: str) -> tuple[Member | None, Tenant | None]:
        member, tenant = look_up(member_key(tenant_id, user_id), self._tenant.key(tenant_id))
        return read(member, Member) if member else None, self._tenant.read(tenant) if tenant else None
