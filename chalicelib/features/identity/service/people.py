"""Who is in a tenant, and in which tenants somebody is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.core.errors import NotFound
from chalicelib.core.identity import Role
from chalicelib.core.paging import Cursors, Page
from chalicelib.features.identity.model.person import Member, User
from chalicelib.features.tenants.model import Tenant

_MOST_MEMBERSHIPS = 100
_MEMBERS_A_READ = 100


class MemberStore(Protocol):
    def user(self, user_id: str) -> User | None:
        """As last written."""
        ...

    def users(self, user_ids: Iterable[str]) -> list[User]:
        """Those that exist, in no order."""
        ...

    def members(self, tenant_id: str, *, limit: int, position: str | None) -> Page[Member]:
        """By user id."""
        ...

    def memberships(self, user_id: str, *, limit: int) -> list[Member]:
        """Of one person, by tenant id."""
        ...


class TenantNames(Protocol):
    def get_many(self, *, tenant_ids: Iterable[str]) -> Mapping[str, Tenant]:
        """Those that exist, by id."""
        ...


@dataclass(frozen=True)
class Colleague:
    """A member as the others see them."""

    user_id: str
    email: str
    name: str
    role: Role
    joined_at: datetime


@dataclass(frozen=True)
class Profile:
    """Somebody's own view: who they are, and where."""

    user: User
    tenant: Tenant
    role: Role
    memberships: list[tuple[Tenant, Role]]


class People:
    def __init__(self, *, store: MemberStore, tenants: TenantNames, cursor_secret: Callable[[], str]) -> None:
        self._store = store
        self._tenants = tenants
        self._cursor_secret = cursor_secret

    def profile(self, *, user_id: str, tenant_id: str) -> Profile:
        user = self._store.user(user_id)
        roles = {member.tenant_id: member.role for member in self._store.memberships(user_id, limit=_MOST_MEMBERSHIPS)}
        found = self._tenants.get_many(tenant_ids=roles)
        if user is None or tenant_id not in found:
            raise NotFound
        memberships = [(found[each], role) for each, role in roles.items() if each in found]
        return Profile(user, found[tenant_id], roles[tenant_id], memberships)

    def owner_addresses(self, *, tenant_id: str) -> list[str]:
        """Where its owners read their mail: everybody who is a user has proven the address."""
        owners: list[str] = []
        position = None
        while True:
            page = self._store.members(tenant_id, limit=_MEMBERS_A_READ, position=position)
            owners += [member.user_id for member in page.rows if member.role is Role.OWNER]
            position = page.position
            if position is None:
                return sorted(user.email for user in self._store.users(owners))

    def colleagues(self, *, tenant_id: str, limit: int, cursor: str | None) -> Page[Colleague]:
        cursors = Cursors(secret=self._cursor_secret().encode(), scope=f"{tenant_id} members")
        page = self._store.members(tenant_id, limit=limit, position=cursors.open(cursor))
        users = {user.id: user for user in self._store.users(member.user_id for member in page.rows)}
        rows = [
            Colleague(user.id, user.email, user.name, member.role, member.joined_at)
            for member in page.rows
            if (user := users.get(member.user_id))
        ]
        return Page(rows, cursors.seal(page.position))
