"""Bodies of a person's own account: registering, signing in, the second factor, and what belongs to oneself."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from chalicelib.core.identity import Principal, Role, Scope
from chalicelib.features.identity.model.person import User
from chalicelib.features.identity.model.session import Session, Tokens
from chalicelib.features.identity.service.entrance import SignedIn
from chalicelib.features.identity.service.people import Profile
from chalicelib.features.identity.service.second_factor import Enrolment
from chalicelib.features.tenants.model import LONGEST_NAME, Tenant
from chalicelib.web.schema import Schema, Secret, example

Email = Annotated[str, Field(min_length=1, max_length=320, examples=["ada@example.com"])]
Password = Annotated[str, Field(min_length=1, max_length=512, description="8 to 128 characters.")]
TokenText = Annotated[str, Field(min_length=1, max_length=512)]


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


class FreshRecoveryCodes(Schema):
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
        """Who came by one tenant's identity provider is not told of others."""
        here = profile.tenant.id
        shown = [each for each in profile.memberships if not principal.is_by_sso or each[0].id == here]
        return cls(
            user=UserView.of(profile.user),
            tenant=TenantView.of(profile.tenant),
            role=profile.role,
            scopes=sorted(principal.scopes),
            has_second_factor=profile.user.has_second_factor,
            memberships=[Membership(tenant=TenantView.of(tenant), role=held) for tenant, held in shown],
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
