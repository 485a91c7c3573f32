"""Bodies of a team: members, invitations, and the account handed over."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from chalicelib.core.identity import Role
from chalicelib.features.identity.model.invitation import Invitation
from chalicelib.features.identity.schemas.accounts import Email, Password, TenantView, TokenText, UserView
from chalicelib.features.identity.service.invitations import Joined
from chalicelib.features.identity.service.people import Colleague
from chalicelib.features.tenants.model import LONGEST_NAME
from chalicelib.web.schema import Schema, Secret, example


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
