"""Some people, sessions and keys for the suites of the stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chalicelib.core import ids
from chalicelib.core.identity import Mode, Role, Scope
from chalicelib.features.identity.model.api_key import ApiKey
from chalicelib.features.identity.model.person import Member, Registration, User
from chalicelib.features.identity.model.session import Session, start
from chalicelib.features.tenants.model import Tenant, open_tenant

AT = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


def a_user(mailbox: str = "box-ada") -> User:
    return User(id=ids.new("usr"), email="ada@example.com", mailbox=mailbox, password_hash="$argon2id$x", created_at=AT)


def a_tenant() -> Tenant:
    return open_tenant(name="Bücher & mehr", plan="free", now=AT)


def a_member(tenant_id: str, user_id: str, role: Role = Role.EDITOR) -> Member:
    return Member(tenant_id, user_id, role, AT)


def a_session(user_id: str = "usr_ada", tenant_id: str = "ten_ada") -> Session:
    return start(user=replace(a_user(), id=user_id), tenant_id=tenant_id, now=AT)


def a_registration(mailbox: str = "box-ada") -> Registration:
    return Registration(
        id=ids.ulid(),
        mailbox=mailbox,
        email="ada@example.com",
        tenant_name="Bücher & mehr",
        password_hash="$argon2id$x",
        expires_at=LATER,
    )


def a_key(tenant_id: str = "ten_ada", prefix: str | None = None) -> ApiKey:
    return ApiKey(
        id=ids.new("key"),
        tenant_id=tenant_id,
        prefix=prefix or ids.ulid()[-8:],
        secret_hash=b"\x00\xffhash",
        name="CI",
        scopes=(Scope.CAMPAIGNS_SEND, Scope.SITES_READ),
        mode=Mode.TEST,
        created_by="usr_ada",
        created_at=AT,
        site_id="site_x",
        expires_at=LATER,
    )
