"""Inviting people into a tenant, and accepting: by who reads the mailbox, and by password where there is an account."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from chalicelib.core import chance, ids
from chalicelib.core.errors import NotFound, Stale, Unavailable
from chalicelib.core.identity import ROLE_SCOPES, Principal, Role
from chalicelib.core.paging import Cursors, Page
from chalicelib.features.identity.model import letters
from chalicelib.features.identity.model.credentials import (
    InvalidCredentials,
    clean_email,
    clean_password,
    same_spelling,
)
from chalicelib.features.identity.model.device import UNKNOWN, Device
from chalicelib.features.identity.model.invitation import (
    LETTER_EVERY,
    Desk,
    Invitation,
    InvitationClaim,
    Ledger,
    Reception,
    invitation_token,
    invite,
    open_invitation_token,
)
from chalicelib.features.identity.model.person import NOBODY, EmailTaken, InvalidToken, Member, User
from chalicelib.features.identity.model.session import Session, Tokens, start
from chalicelib.features.identity.model.team import AlreadyMember, check_reach
from chalicelib.features.identity.service.office import Office
from chalicelib.features.identity.service.proof import MARK_BYTES
from chalicelib.features.identity.service.sessions import Hasher, Sessions
from chalicelib.features.identity.service.team import Prove
from chalicelib.features.tenants.model import Tenant, clean_name

_MOST_ROUNDS = 8


class InvitationStore(Protocol):
    def desk(self, tenant_id: str) -> Desk:
        """All of them, and the ledger."""
        ...

    def page(self, tenant_id: str, *, limit: int, position: str | None) -> Page[Invitation]:
        """In no order that means anything."""
        ...

    def reception(self, tenant_id: str, mailbox: str) -> Reception:
        """All that opening it asks for, by the same look-ups whoever has the mailbox."""
        ...

    def put(
        self, invitation: Invitation, *, instead_of: Invitation | None, ledger: Ledger, no_member: str
    ) -> Invitation:
        """Both, only the next ledger after the one that was read, and only while `no_member` is none of the tenant.
        Raises Stale or AlreadyMember.
        """
        ...

    def revoke(self, invitation: Invitation) -> None:
        """Raises Stale."""
        ...

    def count_attempt(self, invitation: Invitation, *, mark: str) -> Invitation:
        """As with registrations."""
        ...

    def forget_letter(self, invitation: Invitation) -> None:
        """Writes `sent_at`. Raises Stale."""
        ...

    def accept(self, invitation: Invitation, *, member: Member) -> None:
        """Both or none: the invitation is spent. Raises Stale or AlreadyMember."""
        ...

    def accept_newcomer(self, invitation: Invitation, *, member: Member, user: User, session: Session) -> None:
        """All or nothing. Raises Stale or EmailTaken."""
        ...


class GuestBook(Protocol):
    def user_id_at(self, mailbox: str) -> str | None:
        """Who has claimed this mailbox."""
        ...

    def member(self, tenant_id: str, user_id: str) -> Member | None:
        """One membership."""
        ...


@dataclass(frozen=True)
class Joined:
    """`tokens` are a newcomer's. Who has an account signs in to it, with all that this asks for."""

    user: User
    tenant: Tenant
    role: Role
    tokens: Tokens | None = None


@dataclass(frozen=True)
class Answer:
    """What somebody brings who accepts."""

    password: str
    name: str
    device: Device = UNKNOWN


class Invitations:
    def __init__(
        self,
        *,
        store: InvitationStore,
        people: GuestBook,
        sessions: Sessions,
        hasher: Hasher,
        office: Office,
        cursor_secret: Callable[[], str],
    ) -> None:
        self._store = store
        self._people = people
        self._sessions = sessions
        self._hasher = hasher
        self._office = office
        self._cursor_secret = cursor_secret

    def invite(
        self, *, actor: Principal, email: str, role: Role, prove: Prove, now: datetime
    ) -> tuple[Invitation, bool]:
        """The invitation, and whether it is a new one. Takes the same steps whether or not the address has an account:
        who invites does not learn of it.
        """
        address = clean_email(email)
        mailbox = self._office.mailbox(address)
        _check(actor, role, prove)
        known = self._people.user_id_at(mailbox) or NOBODY
        fresh = invite(
            tenant_id=actor.tenant_id, email=address, mailbox=mailbox, role=role, invited_by=actor.subject, now=now
        )
        for _ in range(_MOST_ROUNDS):
            desk = self._store.desk(actor.tenant_id)
            before = desk.pending_at(mailbox, now)
            if before is not None:
                _check(actor, before.role, prove)
            wanted = before.again(role=role, invited_by=actor.subject, now=now) if before else desk.with_room(fresh)
            if wanted == before:  # its letter is on its way; who has joined meanwhile needs none
                self._must_be_outside(actor.tenant_id, known)
                return wanted, False
            try:
                return self._written(desk, before, wanted, no_member=known, actor=actor, now=now), before is None
            except Stale:
                continue
        raise Stale

    def list(self, *, tenant_id: str, limit: int, cursor: str | None, now: datetime) -> Page[Invitation]:
        """Those that are pending: of a page of rows perhaps fewer, perhaps none."""
        cursors = Cursors(secret=self._cursor_secret().encode(), scope=f"{tenant_id} invitations")
        page = self._store.page(tenant_id, limit=limit, position=cursors.open(cursor))
        return Page([each for each in page.rows if each.is_pending(now)], cursors.seal(page.position))

    def revoke(self, *, actor: Principal, invitation_id: str, now: datetime) -> None:
        for _ in range(_MOST_ROUNDS):
            found = self._store.desk(actor.tenant_id).pending(now).get(invitation_id)
            if found is None:
                raise NotFound
            check_reach(actor, found.role)
            try:
                self._store.revoke(found)
            except Stale:
                continue
            return
        raise Stale

    def accept(self, *, token: str, answer: Answer, request_id: str, now: datetime) -> Joined:
        claim = open_invitation_token(token, self._office.link_signer)
        for _ in range(_MOST_ROUNDS):
            found = self._store.reception(claim.tenant_id, claim.mailbox)
            invitation, tenant = _opened(found, claim, now)
            try:
                if found.user is not None:
                    joined = self._join(invitation, tenant, found.user, answer, now)
                else:
                    joined = self._welcome(invitation, tenant, answer, now)
            except (Stale, EmailTaken):  # somebody uses this letter too, or opens an account: look again
                continue
            self._note(joined, request_id, now)
            return joined
        raise Stale

    def _join(self, invitation: Invitation, tenant: Tenant, user: User, answer: Answer, now: datetime) -> Joined:
        """Counted before it is tried. No session comes of it: a sign-in may ask for more than a password."""
        counted = self._store.count_attempt(invitation, mark=chance.token(MARK_BYTES).hex())
        if not self._hasher.verify(user.password_hash, same_spelling(answer.password)):
            raise InvalidCredentials
        self._store.accept(counted, member=Member(tenant.id, user.id, counted.role, now))
        return Joined(user, tenant, counted.role)

    def _welcome(self, invitation: Invitation, tenant: Tenant, answer: Answer, now: datetime) -> Joined:
        """The letter reached the address, so it is proven; and the password is chosen after that, not before: nobody
        else can have chosen it.
        """
        user = User(
            id=ids.new("usr"),
            email=invitation.email,
            mailbox=invitation.mailbox,
            password_hash=self._hasher.hash(clean_password(answer.password)),
            created_at=now,
            name=clean_name(answer.name, pointer="/name") if answer.name else "",
        )
        session = start(user=user, tenant_id=tenant.id, now=now, device=answer.device)
        member = Member(tenant.id, user.id, invitation.role, now)
        self._store.accept_newcomer(invitation, member=member, user=user, session=session)
        tokens = self._sessions.issue(session, user=user, tenant=tenant, role=invitation.role, now=now)
        return Joined(user, tenant, invitation.role, tokens)

    def _must_be_outside(self, tenant_id: str, user_id: str) -> None:
        if self._people.member(tenant_id, user_id) is not None:
            raise AlreadyMember

    def _written(
        self,
        desk: Desk,
        before: Invitation | None,
        wanted: Invitation,
        *,
        no_member: str,
        actor: Principal,
        now: datetime,
    ) -> Invitation:
        letters_sent = wanted.letter - (before.letter if before else 0)
        ledger = desk.ledger.counted(now, letters=letters_sent)
        kept = self._store.put(wanted, instead_of=desk.at(wanted.mailbox), ledger=ledger, no_member=no_member)
        if letters_sent:
            self._post(kept, by=actor.email)
        return kept

    def _post(self, invitation: Invitation, *, by: str) -> None:
        """A letter that was not taken was not sent: whoever asks again shall not be told that one is on its way."""
        token = invitation_token(invitation, self._office.link_signer)
        letter = letters.you_are_invited(
            to=invitation.email,
            public_url=self._office.public_url,
            token=token,
            by=by,
            role=str(invitation.role),
        )
        try:
            self._office.post.send(letter)
        except Unavailable:
            with suppress(Stale, Unavailable):
                self._store.forget_letter(replace(invitation, sent_at=invitation.sent_at - LETTER_EVERY))
            raise

    def _note(self, joined: Joined, request_id: str, now: datetime) -> None:
        self._office.recorder.note(
            "invitation.accepted",
            tenant_id=joined.tenant.id,
            actor=joined.user.id,
            subject=joined.user.id,
            request_id=request_id,
            now=now,
        )


def _opened(found: Reception, claim: InvitationClaim, now: datetime) -> tuple[Invitation, Tenant]:
    """Open, and still the word of somebody who may give it: who was removed has no more to give."""
    invitation, giver = found.invitation, found.giver
    if invitation is None or not claim.fits(invitation) or not invitation.is_open(now):
        raise InvalidToken
    if giver is None or not ROLE_SCOPES[invitation.role] <= ROLE_SCOPES[giver.role]:
        raise InvalidToken
    if found.tenant is None or found.tenant.has_closed(now=now):
        raise NotFound
    return invitation, found.tenant


def _check(actor: Principal, role: Role, prove: Prove) -> None:
    check_reach(actor, role)
    if role is Role.OWNER:
        prove()
