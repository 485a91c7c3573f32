"""User, session, membership and tenant in one look-up: what the door asks where a token's word is not enough."""

from __future__ import annotations

from typing import Protocol

from chalicelib.aws.values import Row
from chalicelib.features.identity.model.person import Member, User
from chalicelib.features.identity.model.session import Session, Standing
from chalicelib.features.identity.store.person import member_key, user_key
from chalicelib.features.identity.store.rows import CORE, Key, read
from chalicelib.features.identity.store.session import session_key
from chalicelib.features.tenants.model import Tenant


class TenantRow(Protocol):
    """Where a tenant's row is, and what it says."""

    def key(self, tenant_id: str) -> Key: ...

    def read(self, row: Row) -> Tenant: ...


class StandingRows:
    def __init__(self, *, tenant: TenantRow) -> None:
        self._tenant = tenant

    def of(self, *, user_id: str, session_id: str, tenant_id: str) -> Standing:
        keys = [user_key(user_id), session_key(user_id, session_id), member_key(tenant_id, user_id)]
        keys.append(self._tenant.key(tenant_id))
        found = {(row["pk"], row["sk"]): row for row in CORE.get_many(keys)}
        user, session, member, tenant = (found.get(key) for key in keys)
        return Standing(
            user=read(user, User) if user else None,
            session=read(session, Session) if session else None,
            member=read(member, Member) if member else None,
            tenant=self._tenant.read(tenant) if tenant else None,
        )
