"""Changes of memberships. The tenant's copy is the one that is tested; the user's copy goes along with it."""

from __future__ import annotations

from datetime import datetime

from chalicelib.aws.dynamo import Delete, Put, Refused, Update, Write, equals, present, transact
from chalicelib.core.errors import NotFound, Stale
from chalicelib.core.identity import Role
from chalicelib.features.identity.model.person import Member, User
from chalicelib.features.identity.model.team import Handover
from chalicelib.features.identity.store.person import gone_key, left_key, member_key, membership_key, user_key
from chalicelib.features.identity.store.rows import CORE, TenantRow, changing, look_up, read


class MembershipRows:
    def __init__(self, *, tenant: TenantRow) -> None:
        self._tenant = tenant

    def handover(self, tenant_id: str, *, owner_id: str, heir_id: str) -> Handover:
        tenant, owner, heir, giver, taker = look_up(
            self._tenant.key(tenant_id),
            member_key(tenant_id, owner_id),
            member_key(tenant_id, heir_id),
            user_key(owner_id),
            user_key(heir_id),
        )
        if tenant is None or owner is None or heir is None or giver is None or taker is None:
            raise NotFound
        return Handover(
            tenant=self._tenant.read(tenant),
            owner=read(owner, Member),
            heir=read(heir, Member),
            giver=read(giver, User),
            taker=read(taker, User),
        )

    def change_role(self, member: Member, role: Role, *, witness: Member | None) -> None:
        _commit([*_given(member, role), *_vouching(witness)])

    def remove(self, member: Member, *, mailbox: str, witness: Member | None, look_at: datetime | None) -> None:
        gone = Delete(CORE, *member_key(member.tenant_id, member.user_id), equals("rev", member.rev))
        copy = Delete(CORE, *membership_key(member.tenant_id, member.user_id))
        left = _left(member.user_id, look_at)
        _commit([gone, copy, *_kept_out(member.tenant_id, mailbox), *left, *_vouching(witness)])

    def transfer(self, owner: Member, heir: Member) -> None:
        _commit([*_given(heir, Role.OWNER), *_given(owner, Role.ADMIN)])


def _given(member: Member, role: Role) -> list[Write]:
    copy = membership_key(member.tenant_id, member.user_id)
    return [
        changing(member_key(member.tenant_id, member.user_id), rev=member.rev, role=role),
        Update(CORE, *copy, {"role": str(role), "rev": member.rev + 1}, present()),
    ]


def _kept_out(tenant_id: str, mailbox: str) -> list[Write]:
    pk, sk = gone_key(tenant_id, mailbox)
    return [Put(CORE, {"pk": pk, "sk": sk, "v": 1})] if mailbox else []


def _left(user_id: str, look_at: datetime | None) -> list[Write]:
    """The last time counts: who has joined and left again is looked for anew."""
    pk, sk = left_key(user_id)
    return [Put(CORE, {"pk": pk, "sk": sk, "v": 1, "look_at": look_at.isoformat()})] if look_at else []


def _vouching(witness: Member | None) -> list[Write]:
    """Somebody who stays an owner. Writing that row is what lets only one of two leave who name each other."""
    if witness is None:
        return []
    return [changing(member_key(witness.tenant_id, witness.user_id), rev=witness.rev, role=witness.role)]


def _commit(writes: list[Write]) -> None:
    try:
        transact(*writes)
    except Refused:
        raise Stale from None
