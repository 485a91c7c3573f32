"""People as rows of the core table: `USER#<id>`, the claim on an address `EMAIL#<mailbox>`, registrations under
`PENDING#<mailbox>`, and each membership twice, under its tenant and under its user, in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

from chalicelib.aws.dynamo import Delete, Put, Refused, Span, Write, absent, present, transact
from chalicelib.aws.values import Row, known
from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import Conflict, Stale
from chalicelib.core.identity import Role
from chalicelib.core.paging import Page
from chalicelib.features.identity.model.person import EmailTaken, Member, Registration, User
from chalicelib.features.identity.model.session import Session
from chalicelib.features.identity.store.rows import CORE, Key, change, changing, insert, read
from chalicelib.features.identity.store.session import session_key
from chalicelib.features.tenants.model import Tenant

_SWEPT_AFTER = timedelta(hours=1)


class PersonRows:
    def __init__(self, *, tenant_write: Callable[[Tenant], Put]) -> None:
        self._tenant_write = tenant_write

    def put_registration(self, registration: Registration) -> None:
        ttl = in_seconds(registration.expires_at + _SWEPT_AFTER)
        CORE.write(insert(_registration_key(registration.mailbox, registration.id), registration, ttl=ttl))

    def registration(self, mailbox: str, registration_id: str) -> Registration | None:
        row = CORE.get(*_registration_key(mailbox, registration_id))
        return read(row, Registration) if row else None

    def newest_registration(self, mailbox: str) -> Registration | None:
        rows = CORE.query(f"PENDING#{mailbox}", limit=1, newest_first=True).rows
        return read(rows[0], Registration) if rows else None

    def count_attempt(self, registration: Registration, *, mark: str) -> Registration:
        """`mark` names this attempt among others that count at once. Raises Stale for all of them but one."""
        key, attempts = _registration_key(registration.mailbox, registration.id), registration.attempts + 1
        change(key, rev=registration.rev, attempts=attempts, last_attempt=mark)
        return replace(registration, attempts=attempts, last_attempt=mark, rev=registration.rev + 1)

    def open_account(
        self, *, user: User, tenant: Tenant, session: Session, registration: Registration | None = None
    ) -> None:
        owner = Member(tenant.id, user.id, Role.OWNER, tenant.created_at)
        first_session = insert(session_key(session.user_id, session.id), session, ttl=in_seconds(session.expires_at))
        writes: list[Write] = [*user_writes(user), *membership_writes(owner), self._tenant_write(tenant), first_session]
        if registration is not None:
            key = _registration_key(registration.mailbox, registration.id)
            writes.append(Delete(CORE, *key, present()))  # an attempt counted meanwhile does not matter any more
        _commit(writes)

    def add_user(self, *, user: User, member: Member) -> None:
        _commit([*user_writes(user), *membership_writes(member)])

    def add_member(self, member: Member) -> None:
        _commit(membership_writes(member))

    def user_id_at(self, mailbox: str) -> str | None:
        row = CORE.get(*claim_key(mailbox))
        return claimed_by(row) if row else None

    def user(self, user_id: str) -> User | None:
        row = CORE.get(*user_key(user_id))
        return read(row, User) if row else None

    def users(self, user_ids: Iterable[str]) -> list[User]:
        return [read(row, User) for row in CORE.get_many(user_key(user_id) for user_id in user_ids)]

    def change_password_hash(self, user: User, password_hash: str) -> None:
        change(user_key(user.id), rev=user.rev, password_hash=password_hash)

    def begin_era(self, user: User) -> None:
        change(user_key(user.id), rev=user.rev, era=user.era + 1)

    def rename(self, user: User, name: str) -> None:
        change(user_key(user.id), rev=user.rev, name=name)

    def change_password(self, user: User, password_hash: str, *, keeping: Session | None = None) -> None:
        era = user.era + 1
        writes = [changing(user_key(user.id), rev=user.rev, password_hash=password_hash, era=era)]
        if keeping is not None:
            kept = session_key(keeping.user_id, keeping.id)
            writes.append(changing(kept, rev=keeping.rev, era=era, attempts=0))
        try:
            transact(*writes)
        except Refused:
            raise Stale from None

    def member(self, tenant_id: str, user_id: str) -> Member | None:
        row = CORE.get(*member_key(tenant_id, user_id))
        return read(row, Member) if row else None

    def members(self, tenant_id: str, *, limit: int, position: str | None) -> Page[Member]:
        page = CORE.query(f"T#{tenant_id}", Span(prefix="MEMBER#"), limit=limit, position=position)
        return Page([read(row, Member) for row in page.rows], page.position)

    def memberships(self, user_id: str, *, limit: int) -> list[Member]:
        page = CORE.query(f"USER#{user_id}", Span(prefix="MEMBER#"), limit=limit)
        return [read(row, Member) for row in page.rows]

    def all_memberships(self, user_id: str) -> list[Member]:
        rows: list[Row] = []
        position = None
        while True:
            page = CORE.query(f"USER#{user_id}", Span(prefix="MEMBER#"), position=position)
            rows += page.rows
            position = page.position
            if position is None:
                return [read(row, Member) for row in rows]


def user_key(user_id: str) -> Key:
    return f"USER#{user_id}", "-"


def member_key(tenant_id: str, user_id: str) -> Key:
    return f"T#{tenant_id}", f"MEMBER#{user_id}"


def membership_key(tenant_id: str, user_id: str) -> Key:
    """Of the user's own copy."""
    return f"USER#{user_id}", f"MEMBER#{tenant_id}"


def claim_key(mailbox: str) -> Key:
    return f"EMAIL#{mailbox}", "-"


def claim(mailbox: str, user_id: str) -> Row:
    """Who has an address."""
    pk, sk = claim_key(mailbox)
    return {"pk": pk, "sk": sk, "v": 1, "rev": 1, "user_id": user_id}


def claimed_by(row: Row) -> str:
    return str(known(row)["user_id"])


def gone_key(tenant_id: str, mailbox: str) -> Key:
    """That whoever read this mailbox was a member of this tenant, and is not any more."""
    return f"T#{tenant_id}", f"GONE#{mailbox}"


def left_key(user_id: str) -> Key:
    """That they have left a team, and when to look whether they are in another."""
    return f"USER#{user_id}", "LEFT"


def _registration_key(mailbox: str, registration_id: str) -> Key:
    return f"PENDING#{mailbox}", f"REG#{registration_id}"


def user_writes(user: User) -> list[Write]:
    return [insert(user_key(user.id), user), Put(CORE, claim(user.mailbox, user.id), absent())]


def membership_writes(member: Member) -> list[Write]:
    return [
        insert(member_key(member.tenant_id, member.user_id), member),
        insert(membership_key(member.tenant_id, member.user_id), member),
    ]


def _commit(writes: list[Write]) -> None:
    try:
        transact(*writes)
    except Refused as refused:
        is_claim = str((refused.row or {}).get("pk", "")).startswith("EMAIL#")
        raise (EmailTaken if is_claim else Conflict) from None
