"""How accounts come into being: somebody registers, proves the mailbox, and owns a tenant; or joins one."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.core import chance, ids
from chalicelib.core.errors import NotFound, Stale
from chalicelib.core.identity import Role
from chalicelib.features.identity.model import letters
from chalicelib.features.identity.model.credentials import (
    InvalidCredentials,
    clean_email,
    clean_password,
    same_spelling,
)
from chalicelib.features.identity.model.device import UNKNOWN, Device
from chalicelib.features.identity.model.letters import Letter
from chalicelib.features.identity.model.person import (
    InvalidToken,
    Member,
    Registration,
    User,
    link_token,
    open_link_token,
    register,
)
from chalicelib.features.identity.model.session import Session, Tokens, start
from chalicelib.features.identity.service.office import Office
from chalicelib.features.identity.service.sessions import Hasher, Sessions
from chalicelib.features.tenants.model import FIRST_PLAN, Tenant, clean_name, open_tenant

_MOST_ROUNDS = 8
_MARK_BYTES = 8


class AccountStore(Protocol):
    def put_registration(self, registration: Registration) -> None:
        """A new one."""
        ...

    def registration(self, mailbox: str, registration_id: str) -> Registration | None:
        """As last written."""
        ...

    def newest_registration(self, mailbox: str) -> Registration | None:
        """The last one for this mailbox."""
        ...

    def count_attempt(self, registration: Registration, *, mark: str) -> Registration:
        """`mark` names this attempt. Raises Stale for all but one of those that count at once."""
        ...

    def open_account(
        self, *, user: User, tenant: Tenant, session: Session, registration: Registration | None = None
    ) -> None:
        """All of it and the owner's membership, or nothing; the registration is spent. Raises EmailTaken."""
        ...

    def add_user(self, *, user: User, member: Member) -> None:
        """Both or none. Raises EmailTaken."""
        ...

    def add_member(self, member: Member) -> None:
        """Raises Conflict when there already."""
        ...

    def user_id_at(self, mailbox: str) -> str | None:
        """Who has claimed this mailbox."""
        ...

    def user(self, user_id: str) -> User | None:
        """As last written."""
        ...


class Accounts:
    def __init__(
        self,
        *,
        store: AccountStore,
        sessions: Sessions,
        hasher: Hasher,
        office: Office,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._hasher = hasher
        self._office = office

    def register(self, *, email: str, password: str, tenant_name: str, now: datetime) -> None:
        """Takes the same steps for an address that has an account: only the letter differs, and who reads that."""
        address = clean_email(email)
        registration = register(
            mailbox=self._office.mailbox(address),
            email=address,
            tenant_name=clean_name(tenant_name),
            password_hash=self._hasher.hash(clean_password(password)),
            now=now,
        )
        is_known = self._store.user_id_at(registration.mailbox) is not None
        self._store.put_registration(registration)
        self._office.post.send(self._letter(registration, is_known=is_known))

    def resend(self, *, email: str, now: datetime) -> None:
        """Takes the same steps for an address nobody registered."""
        mailbox = self._office.mailbox(clean_email(email))
        is_known = self._store.user_id_at(mailbox) is not None
        registration = self._store.newest_registration(mailbox)
        is_open = registration is not None and registration.is_open(now)
        self._office.post.send(
            self._letter(registration, is_known=is_known) if registration and is_open else letters.DECOY
        )

    def verify_email(
        self, *, token: str, password: str, request_id: str, now: datetime, device: Device = UNKNOWN
    ) -> Tokens:
        registration = self._count_attempt(*open_link_token(token, self._office.link_signer), now)
        if not self._hasher.verify(registration.password_hash, same_spelling(password)):
            raise InvalidCredentials
        tenant = open_tenant(name=registration.tenant_name, plan=FIRST_PLAN, now=now)
        user = _new_user(registration.email, registration.mailbox, registration.password_hash, now)
        session = start(user=user, tenant_id=tenant.id, now=now, device=device)
        return self._open(user, tenant, session, registration, request_id)

    def open_tenant(self, *, email: str, password: str, tenant_name: str, plan: str, now: datetime) -> Tokens:
        """For the command line of an installation: its owner vouches for the address."""
        tenant = open_tenant(name=tenant_name, plan=plan, now=now)
        user = self._user(email, password, now)
        return self._open(user, tenant, start(user=user, tenant_id=tenant.id, now=now), None, ids.new("req"))

    def add_member(self, *, tenant_id: str, email: str, password: str, role: Role, now: datetime) -> User:
        """A new person, who joins this tenant."""
        user = self._user(email, password, now)
        self._store.add_user(user=user, member=Member(tenant_id, user.id, role, now))
        return user

    def join(self, *, tenant_id: str, user_id: str, role: Role, now: datetime) -> None:
        """A person who is known joins one more tenant."""
        if self._store.user(user_id) is None:
            raise NotFound
        self._store.add_member(Member(tenant_id, user_id, role, now))

    def _open(
        self, user: User, tenant: Tenant, session: Session, registration: Registration | None, request_id: str
    ) -> Tokens:
        now = session.created_at
        self._store.open_account(user=user, tenant=tenant, session=session, registration=registration)
        self._office.recorder.note(
            "tenant.created", tenant_id=tenant.id, actor=user.id, subject=tenant.id, request_id=request_id, now=now
        )
        return self._sessions.issue(session, user=user, tenant=tenant, role=Role.OWNER, now=now)

    def _user(self, email: str, password: str, now: datetime) -> User:
        address = clean_email(email)
        hashed = self._hasher.hash(clean_password(password))
        return _new_user(address, self._office.mailbox(address), hashed, now)

    def _count_attempt(self, mailbox: str, registration_id: str, now: datetime) -> Registration:
        """An attempt is counted before it is judged, so that guessing at once gains nothing."""
        for _ in range(_MOST_ROUNDS):
            registration = self._store.registration(mailbox, registration_id)
            if registration is None or not registration.is_open(now):
                raise InvalidToken
            try:
                return self._store.count_attempt(registration, mark=chance.token(_MARK_BYTES).hex())
            except Stale:
                continue
        raise Stale

    def _letter(self, registration: Registration, *, is_known: bool) -> Letter:
        if is_known:
            return letters.already_registered(to=registration.email, public_url=self._office.public_url)
        token = link_token(registration, self._office.link_signer)
        return letters.please_verify(to=registration.email, public_url=self._office.public_url, token=token)


def _new_user(email: str, mailbox: str, password_hash: str, now: datetime) -> User:
    return User(id=ids.new("usr"), email=email, mailbox=mailbox, password_hash=password_hash, created_at=now)
