"""A house with a team in it: Ada owns the tenant, Ben edits; roles and invitations over memory."""

from __future__ import annotations

import re
from datetime import datetime

from chalicelib.core.identity import ROLE_SCOPES, Principal, Role
from chalicelib.features.due.model import Kind
from chalicelib.features.identity.model.invitation import Invitation
from chalicelib.features.identity.service.invitations import Answer, Invitations, Joined
from chalicelib.features.identity.service.office import Office
from chalicelib.features.identity.service.record import Recorder
from chalicelib.features.identity.service.team import Team
from tests.fakes.teams import MemoryInvitations, MemoryMemberships
from tests.unit.identity.house import LINKS, MAILBOXES, House

GUEST = "grace@example.com"
CHOSEN = "a password of my own"


class TeamHouse(House):
    def __post_init__(self) -> None:
        super().__post_init__()
        owner = self.open()
        self.tenant_id = owner.tenant.id
        self.ada = self.principal(owner.user.id, Role.OWNER)
        self.ben = self.joined("ben@example.com", Role.EDITOR)
        recorder = Recorder(trail=self.trail, post=self.letters, alarm=lambda event, **_: self.alarms.append(event))
        office = Office(self.letters, recorder, MAILBOXES, LINKS, "https://push.example")
        self.memberships = MemoryMemberships(self.people_store)
        self.book = MemoryInvitations(self.people_store)
        self.team = Team(people=self.people_store, memberships=self.memberships, calendar=self, office=office)
        self.invitations = Invitations(
            store=self.book,
            people=self.people_store,
            sessions=self.sessions,
            hasher=self.hasher,
            office=office,
            cursor_secret=lambda: "pepper",
        )
        self.proofs = 0
        self.calendar: list[tuple[Kind, str, datetime]] = []

    def principal(self, user_id: str, role: Role) -> Principal:
        return Principal(subject=user_id, tenant_id=self.tenant_id, scopes=ROLE_SCOPES[role], role=role)

    def joined(self, email: str, role: Role) -> Principal:
        return self.principal(self.add_member(self.tenant_id, email, role).id, role)

    def put(self, *, kind: Kind, tenant_id: str, owner_id: str, at: datetime, now: datetime) -> datetime:
        self.calendar.append((kind, tenant_id, at))
        return at

    def prove(self) -> None:
        self.proofs += 1

    def role_of(self, who: Principal) -> Role | None:
        member = self.people_store.members_by_key.get((self.tenant_id, who.subject))
        return member.role if member else None

    def change(self, whom: Principal, role: Role, by: Principal | None = None) -> None:
        self.team.change_role(actor=by or self.ada, user_id=whom.subject, role=role, prove=self.prove)

    def remove(self, whom: Principal, by: Principal | None = None) -> None:
        self.team.remove(actor=by or self.ada, user_id=whom.subject, prove=self.prove, now=self.now)

    def invite(self, email: str = GUEST, role: Role = Role.EDITOR, by: Principal | None = None) -> Invitation:
        found, _ = self.invitations.invite(actor=by or self.ada, email=email, role=role, prove=self.prove, now=self.now)
        return found

    def invited(self, email: str = GUEST, role: Role = Role.EDITOR, by: Principal | None = None) -> str:
        self.letters.letters.clear()
        self.invite(email, role, by)
        (token,) = re.findall(r"token=(it_\S+)", self.letters.letters[-1].text)
        return str(token)

    def accept(self, token: str, password: str = CHOSEN, name: str = "") -> Joined:
        return self.invitations.accept(token=token, answer=Answer(password, name), request_id="req_5", now=self.now)
