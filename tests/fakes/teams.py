"""Memberships and invitations in memory, over the people in `MemoryPeople`. `rival` as with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from chalicelib.core.errors import NotFound, Stale
from chalicelib.core.identity import Role
from chalicelib.core.paging import Page
from chalicelib.features.identity.model.invitation import Desk, Invitation, Ledger, Reception
from chalicelib.features.identity.model.person import EmailTaken, Member, User
from chalicelib.features.identity.model.session import Session
from chalicelib.features.identity.model.team import AlreadyMember, Handover
from tests.fakes.identity import MemoryPeople


class _Rivalled:
    def __init__(self) -> None:
        self.rival: Callable[[], object] | None = None

    def _let_a_rival_in(self) -> None:
        rival, self.rival = self.rival, None
        if rival is not None:
            rival()


class MemoryMemberships(_Rivalled):
    def __init__(self, people: MemoryPeople) -> None:
        super().__init__()
        self._people = people
        self._members = people.members_by_key
        self.gone: set[tuple[str, str]] = set()
        self.left: dict[str, datetime | None] = {}

    def handover(self, tenant_id: str, *, owner_id: str, heir_id: str) -> Handover:
        try:
            return Handover(
                tenant=self._people.tenants[tenant_id],
                owner=self._members[tenant_id, owner_id],
                heir=self._members[tenant_id, heir_id],
                giver=self._people.users_by_id[owner_id],
                taker=self._people.users_by_id[heir_id],
            )
        except KeyError:
            raise NotFound from None

    def change_role(self, member: Member, role: Role, *, witness: Member | None) -> None:
        self._check(member, witness)
        self._put(member, role)
        self._touch(witness)

    def remove(self, member: Member, *, mailbox: str, witness: Member | None, look_at: datetime | None) -> None:
        self._check(member, witness)
        self.gone.add((member.tenant_id, mailbox))
        self.left[member.user_id] = look_at
        del self._members[member.tenant_id, member.user_id]
        self._touch(witness)

    def transfer(self, owner: Member, heir: Member) -> None:
        self._check(owner, heir)
        self._put(heir, Role.OWNER)
        self._put(owner, Role.ADMIN)

    def _check(self, *members: Member | None) -> None:
        self._let_a_rival_in()
        for member in members:
            if member is not None and self._members.get((member.tenant_id, member.user_id)) != member:
                raise Stale

    def _put(self, member: Member, role: Role) -> None:
        self._members[member.tenant_id, member.user_id] = replace(member, role=role, rev=member.rev + 1)

    def _touch(self, witness: Member | None) -> None:
        if witness is not None:
            self._put(witness, witness.role)


class MemoryInvitations(_Rivalled):
    def __init__(self, people: MemoryPeople) -> None:
        super().__init__()
        self.people = people
        self.calls = people.calls
        self.invitations: dict[tuple[str, str], Invitation] = {}
        self.ledgers: dict[str, Ledger] = {}

    def desk(self, tenant_id: str) -> Desk:
        self.calls.append("desk")
        own = [each for each in self.invitations.values() if each.tenant_id == tenant_id]
        return Desk(self.ledgers.get(tenant_id, Ledger()), own)

    def page(self, tenant_id: str, *, limit: int, position: str | None) -> Page[Invitation]:
        own = sorted(
            (each for each in self.invitations.values() if each.tenant_id == tenant_id), key=lambda e: e.mailbox
        )
        later = [each for each in own if position is None or each.mailbox > position]
        return Page(later[:limit], later[limit - 1].mailbox if len(later) > limit else None)

    def reception(self, tenant_id: str, mailbox: str) -> Reception:
        self.calls.append("reception")
        invitation, user_id = self.invitations.get((tenant_id, mailbox)), self.people.claims.get(mailbox, "")
        return Reception(
            invitation=invitation,
            tenant=self.people.tenants.get(tenant_id),
            giver=self.people.members_by_key.get((tenant_id, invitation.invited_by)) if invitation else None,
            user=self.people.users_by_id.get(user_id),
        )

    def put(
        self, invitation: Invitation, *, instead_of: Invitation | None, ledger: Ledger, no_member: str
    ) -> Invitation:
        self.calls.append("put invitation")
        self._let_a_rival_in()
        if (invitation.tenant_id, no_member) in self.people.members_by_key:
            raise AlreadyMember
        key = (invitation.tenant_id, invitation.mailbox)
        if self.invitations.get(key) != instead_of or self.ledgers.get(key[0], Ledger()).rev != ledger.rev - 1:
            raise Stale
        self.invitations[key] = replace(invitation, rev=instead_of.rev + 1 if instead_of else 1)
        self.ledgers[key[0]] = ledger
        return self.invitations[key]

    def revoke(self, invitation: Invitation) -> None:
        self._check(invitation)
        del self.invitations[invitation.tenant_id, invitation.mailbox]

    def count_attempt(self, invitation: Invitation, *, mark: str) -> Invitation:
        self._check(invitation)
        return self._change(replace(invitation, attempts=invitation.attempts + 1, last_attempt=mark))

    def forget_letter(self, invitation: Invitation) -> None:
        self._change(invitation)

    def accept(self, invitation: Invitation, *, member: Member) -> None:
        self._check(invitation)
        if (member.tenant_id, member.user_id) in self.people.members_by_key:
            raise AlreadyMember
        del self.invitations[invitation.tenant_id, invitation.mailbox]
        self.people.members_by_key[member.tenant_id, member.user_id] = member

    def accept_newcomer(self, invitation: Invitation, *, member: Member, user: User, session: Session) -> None:
        self._let_a_rival_in()
        if user.mailbox in self.people.claims:
            raise EmailTaken
        self.accept(invitation, member=member)
        self.people.claims[user.mailbox] = user.id
        self.people.users_by_id[user.id] = user
        self.people.sessions[session.user_id, session.id] = session

    def _check(self, invitation: Invitation) -> None:
        self._let_a_rival_in()
        if self.invitations.get((invitation.tenant_id, invitation.mailbox)) != invitation:
            raise Stale

    def _change(self, changed: Invitation) -> Invitation:
        kept = replace(changed, rev=changed.rev + 1)
        self.invitations[changed.tenant_id, changed.mailbox] = kept
        return kept
