"""HTTP bodies of accounts, sessions, members and API keys. What a password or an address must be, the model says."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from chalicelib.core.identity import Mode, Principal, Role, Scope
from chalicelib.features.identity.model.api_key import ApiKey
from chalicelib.features.identity.model.invitation import Invitation
from chalicelib.features.identity.model.person import User
from chalicelib.features.identity.model.session import Session, Tokens
from chalicelib.features.identity.service.entrance import SignedIn
from chalicelib.features.identity.service.invitations import Joined
from chalicelib.features.identity.service.people import Colleague, Profile
from chalicelib.features.identity.service.second_factor import Enrolment
from chalicelib.features.tenants.model import LONGEST_NAME, Tenant
from chalicelib.web.instant import Instant
from chalicelib.web.schema import Schema, Secret, example

Email = Annotated[str, Field(min_length=1, max_length=320, examples=["ada@example.com"])]
Password = Annotated[str, Field(min_length=1, max_length=512, description="8 to 128 characters.")]
TokenText = Annotated[str, Field(min_length=1, max_length=512)]
_SENDS = ["campaigns:read", "campaigns:send", "campaigns:write"]
TenantScope = Annotated[Scope, Field(description="What a key may do; not more than who makes it.")]


class NewAccount(Schema):
    model_config = example(tenant_name="Analytical Engines")

    email: Email
    password: Password
    tenant_name: str = Field(min_length=1, max_length=LONGEST_NAME)


class EmailProof(Schema):
    token: TokenText
    password: Password


class Mailbox(Schema):
    email: Email


class NewPassword(Schema):
    """By way of a letter's link."""

    token: TokenText
    password: Password


OneTimeCode = Annotated[str, Field(max_length=32, description="What the authenticator app shows, or a recovery code.")]


class Login(Schema):
    email: Email
    password: Password
    tenant_id: str | None = Field(None, max_length=64, description="Which of your tenants; by default the oldest.")
    otp: OneTimeCode | None = None
    device_token: str | None = Field(
        None,
        max_length=512,
        description="From an earlier sign-in on this device: others' wrong guesses do not lock it out.",
    )


class StepUp(Schema):
    password: Password
    otp: OneTimeCode | None = None


class Otp(Schema):
    model_config = example(otp="492039")

    otp: str = Field(min_length=1, max_length=16, description="The six digits that the authenticator app shows now.")


class NewSecondFactor(Schema):
    """Shown this once. Off until a code of it is confirmed, within the hour."""

    model_config = example(
        secret="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",  # noqa: S106 -- an example
        otpauth_url="otpauth://totp/PushSaaS:ada%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=PushSaaS",
        qr_svg="<svg…",
    )

    secret: Secret = Field(description="For typing into an authenticator app.")
    otpauth_url: Secret = Field(description="For opening one on the same device.")
    qr_svg: Secret = Field(description="For its camera: `otpauth_url` as a picture.")

    @classmethod
    def of(cls, enrolment: Enrolment) -> NewSecondFactor:
        return cls(secret=enrolment.secret, otpauth_url=enrolment.url, qr_svg=enrolment.picture)


class RecoveryCodes(Schema):
    """Shown this once. Each is good once, instead of a code of the app."""

    model_config = example(recovery_codes=["4f7k2-m9x3c", "v7x9c-2b4n6"])

    recovery_codes: list[Secret]


class Refresh(Schema):
    refresh_token: TokenText


class Switch(Schema):
    tenant_id: str = Field(max_length=64)


class Renaming(Schema):
    model_config = example(name="Ada Lovelace")

    name: str = Field(min_length=1, max_length=LONGEST_NAME)


class NewEmail(Schema):
    """`password` is the present one."""

    email: Email
    password: Password


class PasswordChange(Schema):
    current_password: Password
    password: Password


class UserView(Schema):
    model_config = example(email="ada@example.com", name="Ada Lovelace")

    id: str
    email: str
    name: str = Field(description="Empty until they say it.")

    @classmethod
    def of(cls, user: User) -> UserView:
        return cls(id=user.id, email=user.email, name=user.name)


class TenantView(Schema):
    model_config = example(name="Analytical Engines", plan="free", state="active")

    id: str
    name: str
    plan: str
    state: str

    @classmethod
    def of(cls, tenant: Tenant) -> TenantView:
        return cls(id=tenant.id, name=tenant.name, plan=tenant.plan, state=tenant.state)


class TokensView(Schema):
    model_config = example(expires_in=900)

    user: UserView
    tenant: TenantView
    role: Role
    access_token: Secret
    refresh_token: Secret
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 -- RFC 6750's word, no secret
    expires_in: int = Field(description="Seconds until the access token expires.")

    @classmethod
    def of(cls, tokens: Tokens) -> TokensView:
        return cls(
            user=UserView.of(tokens.user),
            tenant=TenantView.of(tokens.tenant),
            role=tokens.role,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_in=tokens.expires_in_seconds,
        )


class SignedInView(TokensView):
    """`device_token` is good for a year, and opens nothing: give it back at the next login from the same device."""

    device_token: Secret

    @classmethod
    def signed_in(cls, done: SignedIn) -> SignedInView:
        return cls(**dict(TokensView.of(done.tokens)), device_token=done.device_token)


class Membership(Schema):
    tenant: TenantView
    role: Role


class Me(Schema):
    model_config = example(scopes=["campaigns:read", "campaigns:send", "campaigns:write", "sites:read"])

    user: UserView
    tenant: TenantView
    role: Role
    scopes: list[Scope]
    has_second_factor: bool
    memberships: list[Membership]

    @classmethod
    def of(cls, profile: Profile, principal: Principal) -> Me:
        return cls(
            user=UserView.of(profile.user),
            tenant=TenantView.of(profile.tenant),
            role=profile.role,
            scopes=sorted(principal.scopes),
            has_second_factor=profile.user.has_second_factor,
            memberships=[Membership(tenant=TenantView.of(tenant), role=held) for tenant, held in profile.memberships],
        )


class SessionView(Schema):
    model_config = example(user_agent="Mozilla/5.0 (X11; Linux x86_64)", country="DE", current=True)

    id: str
    tenant_id: str
    created_at: datetime
    last_used_at: datetime = Field(description="When its refresh token was last exchanged.")
    user_agent: str | None = Field(description="What it was opened with, in that program's own words.")
    country: str | None = Field(description="Where, as far as a CDN in front has said.")
    current: bool = Field(description="Whether it is the one that asks.")

    @classmethod
    def of(cls, session: Session, *, asking: str | None) -> SessionView:
        return cls(
            id=session.id,
            tenant_id=session.tenant_id,
            created_at=session.created_at,
            last_used_at=session.rotated_at,
            user_agent=session.user_agent or None,
            country=session.country or None,
            current=session.id == asking,
        )


class SessionList(Schema):
    data: list[SessionView]
    next_cursor: str | None
    has_more: bool


class MemberView(Schema):
    model_config = example(name="Ada Lovelace")

    user_id: str
    email: str
    name: str
    role: Role
    joined_at: datetime

    @classmethod
    def of(cls, colleague: Colleague) -> MemberView:
        return cls(**vars(colleague))


class MemberList(Schema):
    data: list[MemberView]
    next_cursor: str | None
    has_more: bool


class RoleChange(Schema):
    model_config = example(role="admin")

    role: Role


class Heir(Schema):
    user_id: str = Field(max_length=64, description="The member who becomes the owner.")


class NewInvitation(Schema):
    model_config = example(email="grace@example.com", role="editor")

    email: Email
    role: Role


class InvitationView(Schema):
    model_config = example(
        id="inv_01kz8m5q3v7x9c2b4n6t8w0y1e",
        email="grace@example.com",
        role="editor",
        invited_by="usr_01kz8m5q3v7x9c2b4n6t8w0y1e",
    )

    id: str
    email: str
    role: Role
    invited_by: str
    created_at: datetime
    sent_at: datetime = Field(description="When the newest letter was sent.")
    expires_at: datetime

    @classmethod
    def of(cls, invitation: Invitation) -> InvitationView:
        return cls(**{name: getattr(invitation, name) for name in cls.model_fields})


class InvitationList(Schema):
    data: list[InvitationView]
    next_cursor: str | None
    has_more: bool


class InvitationAnswer(Schema):
    model_config = example(name="Grace Hopper")

    token: TokenText
    password: Password
    name: str | None = Field(None, max_length=LONGEST_NAME, description="What a newcomer is called.")


class JoinedView(Schema):
    """The tokens are a newcomer's, and null for who has an account: they sign in to it."""

    model_config = example(role="editor")

    user: UserView
    tenant: TenantView
    role: Role
    access_token: Secret | None
    refresh_token: Secret | None
    token_type: Literal["Bearer"] | None
    expires_in: int | None

    @classmethod
    def of(cls, joined: Joined) -> JoinedView:
        tokens = joined.tokens
        return cls(
            user=UserView.of(joined.user),
            tenant=TenantView.of(joined.tenant),
            role=joined.role,
            access_token=tokens.access_token if tokens else None,
            refresh_token=tokens.refresh_token if tokens else None,
            token_type="Bearer" if tokens else None,
            expires_in=tokens.expires_in_seconds if tokens else None,
        )


class NewApiKey(Schema):
    model_config = example(name="Checkout server", scopes=_SENDS)

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    scopes: list[TenantScope] = Field(min_length=1, max_length=len(Scope))
    site_id: str | None = Field(None, max_length=64, description="The only site this key knows of.")
    expires_at: Instant | None = None
    mode: Mode = Field(Mode.LIVE, description="What a test key sends goes everywhere but out.")


class ApiKeyView(Schema):
    model_config = example(
        name="Checkout server",
        prefix="ps_live_4f7k2m9x",
        scopes=_SENDS,
        created_by="usr_01kz8m5q3v7x9c2b4n6t8w0y1e",
        last_used_at="2026-03-01T09:00:00Z",
    )

    id: str
    name: str
    prefix: str
    scopes: list[Scope]
    mode: Mode
    site_id: str | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> ApiKeyView:
        return cls(**_shown(key))


class FreshApiKey(ApiKeyView):
    """`key` is shown this once."""

    model_config = example(
        name="Checkout server",
        prefix="ps_live_4f7k2m9x",
        scopes=_SENDS,
        created_by="usr_01kz8m5q3v7x9c2b4n6t8w0y1e",
        key="ps_live_4f7k2m9x_…",
    )

    key: Secret

    @classmethod
    def issued(cls, key: ApiKey, *, text: str) -> FreshApiKey:
        return cls(key=text, **_shown(key))


class ApiKeyList(Schema):
    data: list[ApiKeyView]
    next_cursor: str | None
    has_more: bool


def _shown(key: ApiKey) -> dict[str, Any]:
    shown = {name: getattr(key, name) for name in ApiKeyView.model_fields}
    return shown | {"scopes": list(key.scopes), "prefix": f"ps_{key.mode}_{key.prefix}"}
