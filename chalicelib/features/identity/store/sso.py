"""A tenant's identity provider, `T#<tenant>` / `SSO`, and whom it opens: `T#<tenant>` / `DOOR#<key>`, the tenant's own
key for who somebody is there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chalicelib.aws.dynamo import Delete, Refused, Update, Write, absent, equals, transact
from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import NotFound, Stale
from chalicelib.features.identity.model.oauth import Link
from chalicelib.features.identity.model.person import Member, User
from chalicelib.features.identity.model.saml import NotAdmitted, Sso
from chalicelib.features.identity.model.session import Session
from chalicelib.features.identity.store.person import gone_key, membership_writes, user_key
from chalicelib.features.identity.store.rows import (
    CORE,
    Key,
    TenantRow,
    change,
    changing,
    fields,
    insert,
    look_up,
    read,
)
from chalicelib.features.identity.store.session import session_key
from chalicelib.features.tenants.model import Tenant


class SsoRows:
    def __init__(self, *, tenant: TenantRow, tenant_write: Callable[[Tenant], Update]) -> None:
        self._tenant = tenant
        self._tenant_write = tenant_write

    def of(self, tenant_id: str) -> tuple[Sso | None, Tenant]:
        sso, tenant = look_up(_sso_key(tenant_id), self._tenant.key(tenant_id))
        if tenant is None:
            raise NotFound
        return read(sso, Sso) if sso else None, self._tenant.read(tenant)

    def get(self, tenant_id: str) -> Sso | None:
        row = CORE.get(*_sso_key(tenant_id))
        return read(row, Sso) if row else None

    def put(self, sso: Sso, *, instead_of: Sso | None, tenant: Tenant) -> None:
        key = _sso_key(sso.tenant_id)
        if instead_of is None:
            write: Write = insert(key, sso)
        else:
            wanted = {name: value for name, value in fields(sso).items() if name not in {"tenant_id", "rev"}}
            write = changing(key, rev=instead_of.rev, **wanted)
        _commit(write, self._tenant_write(tenant))

    def remove(self, sso: Sso, *, tenant: Tenant) -> None:
        gone = Delete(CORE, *_sso_key(sso.tenant_id), equals("rev", sso.rev))
        _commit(gone, self._tenant_write(tenant))

    def door(self, tenant_id: str, key: str) -> Link | None:
        row = CORE.get(*_door_key(tenant_id, key))
        return read(row, Link) if row else None

    def put_door(self, tenant_id: str, link: Link, *, instead_of: Link | None) -> None:
        key = _door_key(tenant_id, link.key)
        if instead_of is not None:
            change(key, rev=instead_of.rev, user_id=link.user_id, mark=link.mark, linked_at=link.linked_at)
            return
        try:
            CORE.write(insert(key, link))
        except Refused:
            raise Stale from None

    def welcome(self, *, user: User, member: Member, session: Session, link: Link, mailbox: str) -> None:
        """Somebody whom the identity provider alone knows claims no mailbox: the address is its word, and no proof. It
        is reason enough to keep somebody out.
        """
        kept = replace(user, kept_by=member.tenant_id, mailbox="")
        first = insert(session_key(user.id, session.id), session, ttl=in_seconds(session.expires_at))
        door = insert(_door_key(member.tenant_id, link.key), link)
        not_gone = Delete(CORE, *gone_key(member.tenant_id, mailbox), absent())
        try:
            transact(insert(user_key(user.id), kept), *membership_writes(member), first, door, not_gone)
        except Refused as refused:
            is_gone = str((refused.row or {}).get("sk", "")).startswith("GONE#")
            raise (NotAdmitted("You were a member of this tenant.") if is_gone else Stale) from None


def _sso_key(tenant_id: str) -> Key:
    return f"T#{tenant_id}", "SSO"


def _door_key(tenant_id: str, key: str) -> Key:
    return f"T#{tenant_id}", f"DOOR#{key}"


def _commit(*writes: Write) -> None:
    try:
        transact(*writes)
    except Refused:
        raise Stale from None
