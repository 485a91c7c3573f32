"""Signing in, staying signed in, and signing out."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Protocol

from chalicelib.core.errors import NotFound, Stale
from chalicelib.core.identity import Role, SsoSession
from chalicelib.features.identity.model.credentials import (
    InvalidCredentials,
    clean_email,
    mailbox_of,
    same_spelling,
)
from chalicelib.features.identity.model.device import UNKNOWN, Device
from chalicelib.features.identity.model.person import NOBODY, InvalidToken, Member, NoTenant, User
from chalicelib.features.identity.model.second_factor import SecondFactor
from chalicelib.features.identity.model.session import (
    Access,
    Ending,
    Session,
    TokenReused,
    Tokens,
    Verdict,
    open_refresh_token,
    owes_second_factor,
    owes_sso,
    refresh_token,
    start,
)
from chalicelib.features.identity.model.signature import Signer
from chalicelib.features.tenants.model import Tenant

_MOST_ROUNDS = 8


class SessionStore(Protocol):
    def put(self, session: Session) -> None:
        """A new one."""
        ...

    def get(self, user_id: str, session_id: str) -> Session | None:
        """As last written."""
        ...

    def rotate(self, session: Session, *, tenant_id: str, now: datetime) -> Session:
        """The next generation. Raises Stale when somebody else was first."""
        ...

    def end(self, session: Session, *, ending: Ending) -> None:
        """Raises Stale when somebody else was first."""
        ...


class PersonStore(Protocol):
    def user_id_at(self, mailbox: str) -> str | None:
        """Who has claimed this mailbox."""
        ...

    def user(self, user_id: str) -> User | None:
        """As last written."""
        ...

    def change_password_hash(self, user: User, password_hash: str) -> None:
        """Of the same password. Raises Stale when the user was changed meanwhile."""
        ...

    def begin_era(self, user: User) -> None:
        """Makes an end of all sessions and links. Raises Stale."""
        ...

    def member(self, tenant_id: str, user_id: str) -> Member | None:
        """One membership."""
        ...

    def memberships(self, user_id: str, *, limit: int) -> list[Member]:
        """All of one person, by tenant id."""
        ...


class Hasher(Protocol):
    @property
    def decoy(self) -> str:
        """A hash that no password has, as costly to try as any other."""
        ...

    def hash(self, password: str) -> str: ...

    def verify(self, hashed: str, password: str) -> bool: ...

    def is_outdated(self, hashed: str) -> bool: ...


class AccessTokenMint(Protocol):
    def issue(self, access: Access, *, now: datetime) -> tuple[str, int]:
        """The token, and in how many seconds it expires."""
        ...


class TenantLookup(Protocol):
    def get(self, *, tenant_id: str) -> Tenant:
        """Raises NotFound."""
        ...


class SecondFactorGate(Protocol):
    def ask(
        self, user: User, otp: str | None, *, request_id: str, now: datetime, factor: SecondFactor | None = None
    ) -> None:
        """Of somebody whose password was right. `factor` is theirs, of whoever has just read it. Raises OtpRequired,
        InvalidCredentials or OverLimit.
        """
        ...


class Sessions:
    def __init__(
        self,
        *,
        sessions: SessionStore,
        people: PersonStore,
        tenants: TenantLookup,
        hasher: Hasher,
        mint: AccessTokenMint,
        second_factors: SecondFactorGate,
        mailboxes: Signer,
        refresh_signer: Signer,
    ) -> None:
        self._sessions = sessions
        self._people = people
        self._tenants = tenants
        self._hasher = hasher
        self._mint = mint
        self._second_factors = second_factors
        self._mailboxes = mailboxes
        self._refresh_signer = refresh_signer

    def login(
        self,
        *,
        email: str,
        password: str,
        now: datetime,
        otp: str | None = None,
        tenant_id: str | None = None,
        device: Device = UNKNOWN,
        request_id: str = "",
    ) -> Tokens:
        user = self._prove(email, password)
        session, role = self.admit(user, otp=otp, tenant_id=tenant_id, device=device, request_id=request_id, now=now)
        return self.begin(session, user=user, role=role, now=now)

    def admit(
        self, user: User, *, otp: str | None, tenant_id: str | None, device: Device, request_id: str, now: datetime
    ) -> tuple[Session, Role]:
        """What else is asked of somebody who has proven who they are. The session is not written yet."""
        self._second_factors.ask(user, otp, request_id=request_id, now=now)
        member = self._membership(user, tenant_id)
        return start(user=user, tenant_id=member.tenant_id, now=now, device=device), member.role

    def begin(self, session: Session, *, user: User, role: Role, now: datetime) -> Tokens:
        tenant = self.open_tenant(session.tenant_id, now=now)
        self._sessions.put(session)
        return self.issue(session, user=user, role=role, now=now, tenant=tenant)

    def open_tenant(self, tenant_id: str, *, now: datetime) -> Tenant:
        """Raises NoTenant when its last day is over: nobody comes in any more."""
        tenant = self._tenants.get(tenant_id=tenant_id)
        if tenant.has_closed(now=now):
            raise NoTenant
        return tenant

    def refresh(self, *, token: str, now: datetime) -> Tokens:
        claim = open_refresh_token(token, self._refresh_signer)
        for _ in range(_MOST_ROUNDS):
            user = self._people.user(claim.user_id)
            session = self._sessions.get(claim.user_id, claim.session_id)
            if session is None:
                raise InvalidToken
            try:
                return self._refresh(session, user, claim.generation, now)
            except Stale:  # another refresh was first: what is this one worth now?
                continue
        raise Stale

    def switch(self, *, user_id: str, session_id: str, tenant_id: str, now: datetime) -> Tokens:
        """Moves the session to another tenant. It takes the place of a refresh: no second session comes of it."""
        user, member = self._people.user(user_id), self._people.member(tenant_id, user_id)
        if user is None or member is None:
            raise NotFound
        session = self._sessions.get(user_id, session_id)
        if session is None or session.is_by_sso or not session.is_live(user, now):
            raise InvalidToken
        moved = self._sessions.rotate(session, tenant_id=tenant_id, now=now)
        return self.issue(moved, user=user, role=member.role, now=now)

    def logout(self, *, user_id: str, session_id: str) -> None:
        session = self._sessions.get(user_id, session_id)
        if session is not None:
            self.end(session, Ending.LOGOUT)

    def logout_all(self, *, user_id: str, is_by_sso: bool = False) -> None:
        """In one write, however many there are. An identity provider's session ends those of nobody who has others."""
        for _ in range(_MOST_ROUNDS):
            user = self._people.user(user_id)
            if user is None:
                return
            if is_by_sso and not user.kept_by:
                raise SsoSession
            try:
                self._people.begin_era(user)
            except Stale:
                continue
            return
        raise Stale

    def end(self, session: Session, ending: Ending) -> None:
        found: Session | None = session
        for _ in range(_MOST_ROUNDS):
            if found is None or found.ended:
                return
            try:
                self._sessions.end(found, ending=ending)
            except Stale:
                found = self._sessions.get(session.user_id, session.id)
            else:
                return
        raise Stale

    def issue(self, session: Session, *, user: User, role: Role, now: datetime, tenant: Tenant | None = None) -> Tokens:
        """`tenant` is the session's, of whoever has just read or opened it. Raises InvalidToken where it believes no
        longer who has opened the session, or nobody any more: removing it waits for the last token to be over.
        """
        tenant = tenant or self._tenants.get(tenant_id=session.tenant_id)
        if not session.is_trusted_by(tenant) or tenant.has_closed(now=now):
            raise InvalidToken
        access = Access(
            user_id=user.id,
            tenant_id=tenant.id,
            session_id=session.id,
            role=role,
            proven_at=session.proven_at,
            owes_second_factor=owes_second_factor(user, tenant, session),
            is_by_sso=session.is_by_sso,
            owes_sso=owes_sso(role, tenant, session),
            ends_at=session.ends_at,
        )
        access_token, expires_in_seconds = self._mint.issue(access, now=now)
        return Tokens(
            user=user,
            tenant=tenant,
            role=role,
            access_token=access_token,
            refresh_token=refresh_token(session, self._refresh_signer),
            expires_in_seconds=expires_in_seconds,
        )

    def _prove(self, email: str, password: str) -> User:
        """The same look-ups and the same hash work, whether or not anybody has this address."""
        user_id = self._people.user_id_at(mailbox_of(clean_email(email), self._mailboxes))
        user = self._people.user(user_id or NOBODY)
        spelled = same_spelling(password)
        is_right = self._hasher.verify(user.password_hash if user else self._hasher.decoy, spelled)
        if user is None or not is_right:
            raise InvalidCredentials
        if self._hasher.is_outdated(user.password_hash):
            with suppress(Stale):  # then another login has done it, or the password is a new one
                self._people.change_password_hash(user, self._hasher.hash(spelled))
        return user

    def _membership(self, user: User, tenant_id: str | None) -> Member:
        if tenant_id is not None:
            member = self._people.member(tenant_id, user.id)
            if member is None:
                raise NotFound
            return member
        memberships = self._people.memberships(user.id, limit=1)
        if not memberships:
            raise NoTenant
        return memberships[0]

    def _refresh(self, session: Session, user: User | None, generation: int, now: datetime) -> Tokens:
        """`user` as read before the session, which may have been taken along into a new era in between."""
        verdict = session.judge(generation, now)
        if verdict is Verdict.REUSED:
            self.end(session, Ending.REUSE)
            raise TokenReused
        member = self._people.member(session.tenant_id, session.user_id)
        is_over = verdict is Verdict.ENDED or user is None or not session.is_live(user, now)
        if is_over or user is None or member is None or not session.may_be_of(member.role):
            raise InvalidToken
        if verdict is Verdict.ROTATE:
            session = self._sessions.rotate(session, tenant_id=session.tenant_id, now=now)
        return self.issue(session, user=user, role=member.role, now=now)
