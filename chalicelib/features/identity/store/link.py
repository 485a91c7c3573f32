"""Which account at a provider opens whose account here: `DOOR#<key>` for looking up, and `USER#<id>` / `DOOR#<key>` for
all that is known of a person, in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.aws.dynamo import Put, Refused, Write, transact
from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import Conflict, Stale
from chalicelib.core.identity import Role
from chalicelib.features.identity.model.oauth import Link
from chalicelib.features.identity.model.person import EmailTaken, Member, User
from chalicelib.features.identity.model.session import Session
from chalicelib.features.identity.store.person import membership_writes, user_writes
from chalicelib.features.identity.store.rows import CORE, Key, change, insert, read
from chalicelib.features.identity.store.session import session_key
from chalicelib.features.tenants.model import Tenant


class LinkRows:
    def __init__(self, *, tenant_write: Callable[[Tenant], Put]) -> None:
        self._tenant_write = tenant_write

    def at(self, key: str) -> Link | None:
        row = CORE.get(*_key(key))
        return read(row, Link) if row else None

    def put(self, link: Link, *, instead_of: Link | None) -> None:
        if instead_of is not None:
            change(_key(link.key), rev=instead_of.rev, mark=link.mark, linked_at=link.linked_at)
            return
        try:
            transact(*_writes(link))
        except Refused:
            raise Stale from None

    def open_account(self, *, user: User, tenant: Tenant, session: Session, link: Link) -> None:
        owner = Member(tenant.id, user.id, Role.OWNER, tenant.created_at)
        first_session = insert(session_key(user.id, session.id), session, ttl=in_seconds(session.expires_at))
        writes = [*user_writes(user), *membership_writes(owner), self._tenant_write(tenant), first_session]
        try:
            transact(*writes, *_writes(link))
        except Refused as refused:
            is_claim = str((refused.row or {}).get("pk", "")).startswith("EMAIL#")
            raise (EmailTaken if is_claim else Conflict) from None


def _writes(link: Link) -> list[Write]:
    return [insert(_key(link.key), link), insert((f"USER#{link.user_id}", f"DOOR#{link.key}"), link)]


def _key(key: str) -> Key:
    return f"DOOR#{key}", "-"
