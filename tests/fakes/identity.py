"""Identity's outside in memory: people, sessions, keys, passwords that cost nothing, and a letter box.

Each store writes the name of every call into `calls`, so that a test can compare what two requests asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from chalicelib.core.errors import Conflict, NotFound, Stale, Unavailable
from chalicelib.core.identity import Role
from chalicelib.core.paging import Page
from chalicelib.core.suspicion import Block
from chalicelib.features.identity.model.api_key import ApiKey
from chalicelib.features.identity.model.email_change import EmailChange
from chalicelib.features.identity.model.letters import Letter
from chalicelib.features.identity.model.password_reset import PasswordReset
from chalicelib.features.identity.model.person import EmailTaken, Member, Registration, User
from chalicelib.features.identity.model.session import Ending, Session
from chalicelib.features.tenants.model import Tenant

T = TypeVar("T")
Calls = list[str]


class MemoryPeople:
    """`rival`, if set, is called once between the next reading of a row and its change."""

    def __init__(self, calls: Calls | None = None) -> None:
        self.calls = calls if calls is not None else []
        self.users_by_id: dict[str, User] = {}
        self.claims: dict[str, str] = {}
        self.members_by_key: dict[tuple[str, str], Member] = {}
        self.registrations: dict[tuple[str, str], Registration] = {}
        self.tenants: dict[str, Tenant] = {}
        self.sessions: dict[tuple[str, str], Session] = {}
        self.rival: Callable[[], None] | None = None

    def put_registration(self, registration: Registration) -> None:
        self.calls.append("put_registration")
        self.registrations[registration.mailbox, registration.id] = registration

    def registration(self, mailbox: str, registration_id: str) -> Registration | None:
        self.calls.append("registration")
        return self.registrations.get((mailbox, registration_id))

    def newest_registration(self, mailbox: str) -> Registration | None:
        self.calls.append("newest_registration")
        found = [key for key in self.registrations if key[0] == mailbox]
        return self.registrations[max(found)] if found else None

    def count_attempt(self, registration: Registration, *, mark: str) -> Registration:
        self.calls.append("count_attempt")
        self._let_a_rival_in()
        key = (registration.mailbox, registration.id)
        there = self.registrations.get(key)
        if there is None or there.rev != registration.rev:
            raise Stale
        counted = replace(there, attempts=there.attempts + 1, last_attempt=mark, rev=there.rev + 1)
        self.registrations[key] = counted
        return counted

    def open_account(
        self, *, user: User, tenant: Tenant, session: Session, registration: Registration | None = None
    ) -> None:
        self.calls.append("open_account")
        self._claim(user)
        if registration is not None:
            self.registrations.pop((registration.mailbox, registration.id), None)
        self.tenants[tenant.id] = tenant
        self.sessions[session.user_id, session.id] = session
        owner = Member(tenant.id, user.id, Role.OWNER, tenant.created_at)
        self.members_by_key[tenant.id, user.id] = owner

    def add_user(self, *, user: User, member: Member) -> None:
        self.calls.append("add_user")
        self._claim(user)
        self.members_by_key[member.tenant_id, member.user_id] = member

    def add_member(self, member: Member) -> None:
        self.calls.append("add_member")
        if (member.tenant_id, member.user_id) in self.members_by_key:
            raise Conflict
        self.members_by_key[member.tenant_id, member.user_id] = member

    def user_id_at(self, mailbox: str) -> str | None:
        self.calls.append("user_id_at")
        return self.claims.get(mailbox)

    def user(self, user_id: str) -> User | None:
        self.calls.append("user")
        return self.users_by_id.get(user_id)

    def users(self, user_ids: Iterable[str]) -> list[User]:
        self.calls.append("users")
        return [self.users_by_id[user_id] for user_id in set(user_ids) if user_id in self.users_by_id]

    def change_password_hash(self, user: User, password_hash: str) -> None:
        self.calls.append("change_password_hash")
        self._change(user, replace(user, password_hash=password_hash))

    def begin_era(self, user: User) -> None:
        self.calls.append("begin_era")
        self._change(user, replace(user, era=user.era + 1))

    def rename(self, user: User, name: str) -> None:
        self.calls.append("rename")
        self._change(user, replace(user, name=name))

    def change_password(self, user: User, password_hash: str, *, keeping: Session | None = None) -> None:
        self.calls.append("change_password")
        era = user.era + 1
        if keeping is not None and self.sessions.get((keeping.user_id, keeping.id)) != keeping:
            raise Stale
        self._change(user, replace(user, password_hash=password_hash, era=era))
        if keeping is not None:
            kept = replace(keeping, era=era, attempts=0, rev=keeping.rev + 1)
            self.sessions[keeping.user_id, keeping.id] = kept

    def member(self, tenant_id: str, user_id: str) -> Member | None:
        self.calls.append("member")
        return self.members_by_key.get((tenant_id, user_id))

    def members(self, tenant_id: str, *, limit: int, position: str | None) -> Page[Member]:
        self.calls.append("members")
        return _page(
            {f"MEMBER#{user}": member for (tenant, user), member in self.members_by_key.items() if tenant == tenant_id},
            limit,
            position,
        )

    def memberships(self, user_id: str, *, limit: int) -> list[Member]:
        self.calls.append("memberships")
        return self.all_memberships(user_id)[:limit]

    def all_memberships(self, user_id: str) -> list[Member]:
        return [self.members_by_key[key] for key in sorted(self.members_by_key) if key[1] == user_id]

    def _claim(self, user: User) -> None:
        if user.mailbox in self.claims:
            raise EmailTaken
        self.claims[user.mailbox] = user.id
        self.users_by_id[user.id] = user

    def _change(self, before: User, after: User) -> None:
        self._let_a_rival_in()
        if before.id not in self.users_by_id or self.users_by_id[before.id].rev != before.rev:
            raise Stale
        self.users_by_id[before.id] = replace(after, rev=before.rev + 1)

    def _let_a_rival_in(self) -> None:
        rival, self.rival = self.rival, None
        if rival is not None:
            rival()


class MemoryResets:
    """`rival` as with people."""

    def __init__(self, calls: Calls | None = None) -> None:
        self.calls = calls if calls is not None else []
        self.resets: dict[str, PasswordReset] = {}
        self.rival: Callable[[], None] | None = None

    def at(self, mailbox: str) -> PasswordReset | None:
        self.calls.append("reset")
        return self.resets.get(mailbox)

    def put(self, reset: PasswordReset, *, instead_of: PasswordReset | None) -> None:
        self.calls.append("put reset")
        rival, self.rival = self.rival, None
        if rival is not None:
            rival()
        if self.resets.get(reset.mailbox) != instead_of:
            raise Stale
        self.resets[reset.mailbox] = reset


class MemoryEmailChanges:
    """Of the people in `people`. `rival` as with them."""

    def __init__(self, people: MemoryPeople) -> None:
        self.people = people
        self.calls = people.calls
        self.changes: dict[str, EmailChange] = {}
        self.rival: Callable[[], None] | None = None

    def put(self, wanted: EmailChange, *, forgiving: Session) -> None:
        self.calls.append("put email change")
        place = (forgiving.user_id, forgiving.id)
        if self.people.sessions.get(place) != forgiving:
            raise Stale
        self.people.sessions[place] = replace(forgiving, attempts=0, rev=forgiving.rev + 1)
        self.changes[wanted.user_id] = wanted

    def of_user(self, user_id: str) -> tuple[EmailChange | None, User | None]:
        self.calls.append("email change")
        return self.changes.get(user_id), self.people.users_by_id.get(user_id)

    def count_attempt(self, wanted: EmailChange, *, mark: str) -> EmailChange:
        self.calls.append("count email attempt")
        rival, self.rival = self.rival, None
        if rival is not None:
            rival()
        if self.changes.get(wanted.user_id) != wanted:
            raise Stale
        counted = replace(wanted, attempts=wanted.attempts + 1, last_attempt=mark, rev=wanted.rev + 1)
        self.changes[wanted.user_id] = counted
        return counted

    def move(self, user: User, wanted: EmailChange) -> None:
        self.calls.append("move")
        if wanted.mailbox in self.people.claims:
            raise EmailTaken
        if self.people.users_by_id.get(user.id) != user or user.id not in self.changes:
            raise Stale
        if self.changes[user.id].id != wanted.id:
            raise Stale
        del self.people.claims[user.mailbox], self.changes[user.id]
        self.people.claims[wanted.mailbox] = user.id
        moved = replace(user, email=wanted.email, mailbox=wanted.mailbox, rev=user.rev + 1)
        self.people.users_by_id[user.id] = moved


class MemorySessions:
    """`rival` as with people; `intruder` comes before the next look."""

    def __init__(self, calls: Calls | None = None) -> None:
        self.calls = calls if calls is not None else []
        self.sessions: dict[tuple[str, str], Session] = {}
        self.rival: Callable[[], None] | None = None
        self.intruder: Callable[[], None] | None = None

    def put(self, session: Session) -> None:
        self.calls.append("put session")
        self.sessions[session.user_id, session.id] = session

    def get(self, user_id: str, session_id: str) -> Session | None:
        self.calls.append("session")
        intruder, self.intruder = self.intruder, None
        if intruder is not None:
            intruder()
        return self.sessions.get((user_id, session_id))

    def of_user(self, user_id: str, *, limit: int, position: str | None) -> Page[Session]:
        self.calls.append("sessions")
        own = {f"SESSION#{key[1]}": session for key, session in self.sessions.items() if key[0] == user_id}
        return _page(own, limit, position)

    def rotate(self, session: Session, *, tenant_id: str, now: datetime) -> Session:
        self.calls.append("rotate session")
        changed = replace(session, generation=session.generation + 1, rotated_at=now, tenant_id=tenant_id)
        return self._change(session, changed)

    def prove(self, session: Session, *, now: datetime) -> Session:
        self.calls.append("prove session")
        generation = session.generation + 1
        return self._change(session, replace(session, generation=generation, rotated_at=now, proven_at=now, attempts=0))

    def count_attempt(self, session: Session, *, mark: str) -> Session:
        self.calls.append("count attempt")
        return self._change(session, replace(session, attempts=session.attempts + 1, last_attempt=mark))

    def forgive_attempts(self, session: Session) -> Session:
        self.calls.append("forgive attempts")
        return self._change(session, replace(session, attempts=0))

    def end(self, session: Session, *, ending: Ending) -> None:
        self.calls.append("end session")
        self._change(session, replace(session, ended=ending))

    def _change(self, before: Session, after: Session) -> Session:
        rival, self.rival = self.rival, None
        if rival is not None:
            rival()
        key = (before.user_id, before.id)
        if key not in self.sessions or self.sessions[key].rev != before.rev:
            raise Stale
        self.sessions[key] = replace(after, rev=before.rev + 1)
        return self.sessions[key]


class MemoryApiKeys:
    """`rival` as with people; `taken` is how many of the next prefixes are somebody else's."""

    def __init__(self) -> None:
        self.keys: dict[str, ApiKey] = {}
        self.blocks: dict[str, Block] = {}
        self.rival: Callable[[], None] | None = None
        self.taken = 0

    def put(self, key: ApiKey) -> bool:
        if self.taken or key.prefix in self.keys:
            self.taken -= 1
            return False
        self.keys[key.prefix] = key
        return True

    def at(self, prefix: str) -> ApiKey | None:
        return self.keys.get(prefix)

    def with_block(self, key: ApiKey) -> tuple[ApiKey | None, Block | None]:
        return self.keys.get(key.prefix), self.blocks.get(key.id)

    def get(self, tenant_id: str, key_id: str) -> ApiKey | None:
        found = [key for key in self.keys.values() if (key.tenant_id, key.id) == (tenant_id, key_id)]
        return found[0] if found else None

    def of_tenant(self, tenant_id: str, *, limit: int, position: str | None) -> Page[ApiKey]:
        own = {f"APIKEY#{key.id}": key for key in self.keys.values() if key.tenant_id == tenant_id}
        return _page(own, limit, position)

    def note_use(self, key: ApiKey, *, now: datetime) -> None:
        self._change(key, replace(key, last_used_at=now))

    def revoke(self, key: ApiKey, *, now: datetime) -> None:
        self._change(key, replace(key, revoked_at=now))

    def _change(self, before: ApiKey, after: ApiKey) -> None:
        rival, self.rival = self.rival, None
        if rival is not None:
            rival()
        if self.keys[before.prefix].rev != before.rev:
            raise Stale
        self.keys[before.prefix] = replace(after, rev=before.rev + 1)


class PlainHasher:
    """Hashes of an `age`: older ones are outdated. Counts its work."""

    decoy = "nobody's"

    def __init__(self, age: str = "new") -> None:
        self.age = age
        self.work: list[str] = []

    def hash(self, password: str) -> str:
        self.work.append("hash")
        return f"{self.age}:{password}"

    def verify(self, hashed: str, password: str) -> bool:
        self.work.append("verify")
        return hashed.partition(":")[2] == password

    def is_outdated(self, hashed: str) -> bool:
        return not hashed.startswith(f"{self.age}:")


class LetterBox:
    def __init__(self, calls: Calls | None = None) -> None:
        self.calls = calls if calls is not None else []
        self.letters: list[Letter] = []
        self.is_away = False

    def send(self, letter: Letter) -> None:
        self.calls.append("send letter")
        if self.is_away:
            raise Unavailable
        self.letters.append(letter)

    def send_many(self, letters: Iterable[Letter]) -> None:
        for letter in letters:
            self.send(letter)


class MemorySites:
    def __init__(self, *known: tuple[str, str]) -> None:
        self.known = known

    def get(self, *, tenant_id: str, site_id: str) -> object:
        if (tenant_id, site_id) not in self.known:
            raise NotFound
        return site_id


def _page(rows: dict[str, T], limit: int, position: str | None) -> Page[T]:
    keys = [key for key in sorted(rows) if position is None or key > position]
    chosen = keys[:limit]
    return Page([rows[key] for key in chosen], chosen[-1] if len(chosen) == limit else None)
