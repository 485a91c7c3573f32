"""Changing a team: roles given and taken, members who leave or are removed, and the account handed over."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from chalicelib.core import ids
from chalicelib.core.errors import Invalid, NotFound, Stale
from chalicelib.core.identity import ROLE_SCOPES, Principal, Role
from chalicelib.core.paging import Page
from chalicelib.features.due.model import Kind
from chalicelib.features.identity.model import letters
from chalicelib.features.identity.model.person import Member, User
from chalicelib.features.identity.model.team import (
    KEPT_WITHOUT_TEAM,
    Handover,
    LastOwner,
    Leaver,
    OwnerWithoutAccount,
    RoleNotYours,
    check_reach,
)
from chalicelib.features.identity.service.office import Office
from chalicelib.features.identity.service.people import Colleague

_MOST_ROUNDS = 8
_MEMBERS_A_READ = 100

Prove = Callable[[], None]  # raises where the caller's password was not given of late


class TeamPeople(Protocol):
    def user(self, user_id: str) -> User | None:
        """As last written."""
        ...

    def member(self, tenant_id: str, user_id: str) -> Member | None:
        """One membership."""
        ...

    def members(self, tenant_id: str, *, limit: int, position: str | None) -> Page[Member]:
        """By user id."""
        ...

    def all_memberships(self, user_id: str) -> list[Member]:
        """Of one person, however many."""
        ...

    def begin_era(self, user: User) -> None:
        """Ends all their sessions, and voids all links. Raises Stale."""
        ...


class MembershipStore(Protocol):
    """All of it or nothing, and Stale when anybody named was changed meanwhile. A `witness` stays an owner."""

    def change_role(self, member: Member, role: Role, *, witness: Member | None) -> None: ...

    def remove(self, member: Member, *, mailbox: str, witness: Member | None, look_at: datetime | None) -> None:
        """And keeps in mind that whoever reads this mailbox, if any, is not to come back uninvited; and when to look
        whether they are a member anywhere.
        """
        ...

    def handover(self, tenant_id: str, *, owner_id: str, heir_id: str) -> Handover:
        """As last written, in one look-up. Raises NotFound where anything of it is missing."""
        ...

    def transfer(self, owner: Member, heir: Member) -> None:
        """The owner becomes an admin."""
        ...


class Calendar(Protocol):
    def put(self, *, kind: Kind, tenant_id: str, owner_id: str, at: datetime, now: datetime) -> datetime:
        """Returns the instant to store as `look_at`."""
        ...


class Team:
    def __init__(self, *, people: TeamPeople, memberships: MembershipStore, calendar: Calendar, office: Office) -> None:
        self._people = people
        self._calendar = calendar
        self._memberships = memberships
        self._office = office

    def change_role(self, *, actor: Principal, user_id: str, role: Role, prove: Prove) -> Colleague:
        """Who owns a tenant is not changed by a session that was left open: `prove`."""
        for _ in range(_MOST_ROUNDS):
            member = self._member(actor.tenant_id, user_id)
            check_reach(actor, member.role, role)
            if member.role is role:
                return self._shown(member)
            if Role.OWNER in {member.role, role}:
                prove()
                _check_heir(self._people.user(member.user_id))
            try:
                self._memberships.change_role(member, role, witness=self._witness(member))
            except Stale:
                continue
            return self._shown(replace(member, role=role))
        raise Stale

    def remove(self, *, actor: Principal, user_id: str, prove: Prove, now: datetime) -> None:
        """Everybody may remove themselves. Who is a member nowhere then and joins none in time is not kept: that is in
        the calendar before they have lost what they could ask for it with.
        """
        member = self._member(actor.tenant_id, user_id)
        at = now + KEPT_WITHOUT_TEAM
        look_at = self._calendar.put(kind=Kind.LEFT, tenant_id=user_id, owner_id=user_id, at=at, now=now)
        self._part(actor, member, mailbox=self._mailbox(user_id), prove=prove, look_at=look_at)

    def about_to_leave(self, *, user_id: str) -> Leaver:
        """All tenants or none: the only owner of one has to hand it over, or close it, before."""
        user = self._people.user(user_id)
        if user is None:
            raise NotFound
        members = self._people.all_memberships(user_id)
        for member in members:
            self._witness(member)
        return Leaver(user, members)

    def leave_everything(self, leaver: Leaver, *, but_noted_in: str, request_id: str, now: datetime) -> None:
        """Whoever it was is signed out everywhere."""
        for member in leaver.members:
            actor = Principal(member.user_id, member.tenant_id, ROLE_SCOPES[member.role], role=member.role)
            self._part(actor, member, mailbox="", prove=lambda: None, look_at=None)
        with suppress(Stale):  # they are being removed anyway
            self._people.begin_era(leaver.user)
        elsewhere = [member for member in leaver.members if member.tenant_id != but_noted_in]
        self._office.recorder.note_everywhere("user.erased", members=elsewhere, request_id=request_id, now=now)

    def transfer(self, *, actor: Principal, user_id: str, request_id: str) -> Colleague:
        if user_id == actor.subject:
            raise Invalid("You are the owner already.", pointer="/user_id")
        if not ids.is_id(user_id, "usr"):
            raise NotFound
        for _ in range(_MOST_ROUNDS):
            found = self._memberships.handover(actor.tenant_id, owner_id=actor.subject, heir_id=user_id)
            if found.owner.role is not Role.OWNER:  # no longer
                raise RoleNotYours(role=str(Role.OWNER))
            _check_heir(found.taker)
            try:
                self._memberships.transfer(found.owner, found.heir)
            except Stale:
                continue
            self._tell(found, request_id)
            return _colleague(found.taker, replace(found.heir, role=Role.OWNER))
        raise Stale

    def _tell(self, done: Handover, request_id: str) -> None:
        heir, giver, name = done.taker.email, done.giver.email, done.tenant.name
        tell = self._office.recorder.tell
        tell(letters.you_are_the_owner(to=heir, by=giver, tenant_name=name), request_id=request_id)
        tell(letters.you_handed_over(to=giver, heir=heir, tenant_name=name), request_id=request_id)

    def _part(self, actor: Principal, member: Member, *, mailbox: str, prove: Prove, look_at: datetime | None) -> None:
        for _ in range(_MOST_ROUNDS):
            check_reach(actor, member.role)
            if member.role is Role.OWNER:
                prove()
            try:
                witness = self._witness(member)
                self._memberships.remove(member, mailbox=mailbox, witness=witness, look_at=look_at)
            except Stale:
                left = self._people.member(member.tenant_id, member.user_id)
                if left is None:  # somebody else did, or we did and did not hear of it
                    return
                member = left
            else:
                return
        raise Stale

    def _member(self, tenant_id: str, user_id: str) -> Member:
        member = self._people.member(tenant_id, user_id) if ids.is_id(user_id, "usr") else None
        if member is None:
            raise NotFound
        return member

    def _mailbox(self, user_id: str) -> str:
        """Also of whom only an identity provider knows: such a one has claimed none."""
        user = self._people.user(user_id)
        return user.mailbox or self._office.mailbox(user.email) if user is not None else ""

    def _shown(self, member: Member) -> Colleague:
        user = self._people.user(member.user_id)
        if user is None:
            raise NotFound
        return _colleague(user, member)

    def _witness(self, member: Member) -> Member | None:
        """Another owner, where one goes: every such change leaves its witness an owner, whoever else is at it."""
        if member.role is not Role.OWNER:
            return None
        position = None
        while True:
            page = self._people.members(member.tenant_id, limit=_MEMBERS_A_READ, position=position)
            others = [each for each in page.rows if each.role is Role.OWNER and each.user_id != member.user_id]
            if others:
                return others[0]
            position = page.position
            if position is None:
                raise LastOwner


def _check_heir(user: User | None) -> None:
    if user is not None and user.kept_by:
        raise OwnerWithoutAccount


def _colleague(user: User, member: Member) -> Colleague:
    return Colleague(user.id, user.email, user.name, member.role, member.joined_at)
