"""Accounts over HTTP: registering, signing in and out, who is here, and API keys."""

from __future__ import annotations

from typing import cast

from chalicelib.core.errors import Forbidden, NotFound, Stale
from chalicelib.core.identity import Scope
from chalicelib.features.identity.model.api_key import ScopeNotYours
from chalicelib.features.identity.model.credentials import InvalidCredentials
from chalicelib.features.identity.model.person import EmailTaken, InvalidToken, NoTenant
from chalicelib.features.identity.model.session import TokenReused
from chalicelib.features.identity.schemas import (
    ApiKeyList,
    ApiKeyView,
    EmailProof,
    FreshApiKey,
    Login,
    Mailbox,
    Me,
    MemberList,
    MemberView,
    NewAccount,
    NewApiKey,
    NewPassword,
    Refresh,
    Switch,
    TokensView,
)
from chalicelib.features.identity.wiring import identity
from chalicelib.web.allow import ANYONE, USER, holder, person
from chalicelib.web.api import Api
from chalicelib.web.call import Call
from chalicelib.web.schema import Accepted, ListQuery, Nothing

api = Api(__name__, tag="accounts", about="People, what they are members of, and the API keys of their programs.")

_CHECK_MAIL = Accepted(status="check_mail")
_KEY_MAKER = person(Scope.TEAM_WRITE)  # no key makes keys: a leaked one would outlive its end in its children


@api.endpoint("POST", "/v1/auth/register", allow=ANYONE, body=NewAccount, returns=Accepted, status=202)
def register(call: Call[NewAccount]) -> Accepted:
    """Register.

    Always the same answer. A letter with a link goes to the address; no account exists before the link is followed.
    """
    body = call.body
    identity().accounts.register(email=body.email, password=body.password, tenant_name=body.tenant_name, now=call.at)
    return _CHECK_MAIL


@api.endpoint(
    "POST", "/v1/auth/verify-email", allow=ANYONE, body=EmailProof, returns=TokensView,
    errors=(InvalidCredentials, InvalidToken, EmailTaken, Stale),
)  # fmt: skip
def verify_email(call: Call[EmailProof]) -> TokensView:
    """Prove an address and open the account.

    The token of the letter works only together with the password given at that registration, five times at most.
    """
    tokens = identity().accounts.verify_email(
        token=call.body.token, password=call.body.password, request_id=call.request_id, now=call.at
    )
    return TokensView.of(tokens)


@api.endpoint("POST", "/v1/auth/verify-email/resend", allow=ANYONE, body=Mailbox, returns=Accepted, status=202)
def resend_verification(call: Call[Mailbox]) -> Accepted:
    """Have the letter sent again. Always the same answer."""
    identity().accounts.resend(email=call.body.email, now=call.at)
    return _CHECK_MAIL


@api.endpoint("POST", "/v1/auth/password/forgot", allow=ANYONE, body=Mailbox, returns=Accepted, status=202)
def forget_password(call: Call[Mailbox]) -> Accepted:
    """Have a link to a new password sent. Always the same answer.

    A letter goes to the address if it has an account, one in three minutes at most.
    """
    identity().recovery.forgot(email=call.body.email, now=call.at)
    return _CHECK_MAIL


@api.endpoint(
    "POST", "/v1/auth/password/reset", allow=ANYONE, body=NewPassword, status=204, errors=(InvalidToken, Stale)
)
def reset_password(call: Call[NewPassword]) -> None:
    """Choose a new password with the token of the letter.

    The token is good for an hour, once, and only as the newest that was sent. Every session of this person ends, and a
    letter says so.
    """
    body = call.body
    identity().recovery.reset(token=body.token, password=body.password, request_id=call.request_id, now=call.at)


@api.endpoint(
    "POST", "/v1/auth/login", allow=ANYONE, body=Login, returns=TokensView,
    errors=(InvalidCredentials, NoTenant, NotFound),
)  # fmt: skip
def login(call: Call[Login]) -> TokensView:
    """Sign in."""
    body = call.body
    tokens = identity().sessions.login(email=body.email, password=body.password, tenant_id=body.tenant_id, now=call.at)
    return TokensView.of(tokens)


@api.endpoint(
    "POST", "/v1/auth/refresh", allow=ANYONE, body=Refresh, returns=TokensView,
    errors=(InvalidToken, TokenReused, Stale),
)  # fmt: skip
def refresh(call: Call[Refresh]) -> TokensView:
    """Exchange a refresh token for new tokens.

    Each refresh token is good once; repeated within ten seconds it gives the same successor. Used later than that, it
    ends its session: `token_reused`.
    """
    return TokensView.of(identity().sessions.refresh(token=call.body.refresh_token, now=call.at))


@api.endpoint("POST", "/v1/auth/logout", allow=USER, status=204, audit="session.ended", errors=(Stale,))
def logout(call: Call[Nothing]) -> None:
    """Sign out of this session. Its access token stays good until it expires."""
    principal = call.principal
    identity().sessions.logout(user_id=principal.subject, session_id=principal.session_id or "")


@api.endpoint("POST", "/v1/auth/logout-all", allow=USER, status=204, audit="session.all_ended", errors=(Stale,))
def logout_all(call: Call[Nothing]) -> None:
    """Sign out everywhere."""
    identity().sessions.logout_all(user_id=call.principal.subject)


@api.endpoint(
    "POST", "/v1/auth/switch", allow=USER, body=Switch, returns=TokensView, audit="session.switched",
    errors=(InvalidToken, NotFound, Stale),
)  # fmt: skip
def switch_tenant(call: Call[Switch]) -> TokensView:
    """Move this session to another tenant of yours. Counts as a refresh: use the new tokens from now on."""
    principal = call.principal
    tokens = identity().sessions.switch(
        user_id=principal.subject,
        session_id=principal.session_id or "",
        tenant_id=call.body.tenant_id,
        now=call.at,
    )
    return TokensView.of(tokens)


@api.endpoint("GET", "/v1/me", allow=USER, returns=Me, errors=(NotFound,))
def get_me(call: Call[Nothing]) -> Me:
    """Show who you are, and where."""
    principal = call.principal
    profile = identity().people.profile(user_id=principal.subject, tenant_id=principal.tenant_id)
    return Me.of(profile, principal)


@api.endpoint("GET", "/v1/members", allow=holder(Scope.TEAM_READ), query=ListQuery, returns=MemberList)
def list_members(call: Call[Nothing]) -> MemberList:
    """List the members of this tenant.

    A key that is bound to one site does not see them.
    """
    if call.principal.site_id is not None:
        raise Forbidden("A key that is bound to one site does not see the tenant's members.")
    query = cast("ListQuery", call.query)
    page = identity().people.colleagues(tenant_id=call.tenant_id, limit=query.limit, cursor=query.cursor)
    data = [MemberView.of(colleague) for colleague in page.rows]
    return MemberList(data=data, next_cursor=page.position, has_more=page.position is not None)


@api.endpoint("GET", "/v1/api-keys", allow=person(Scope.TEAM_READ), query=ListQuery, returns=ApiKeyList)
def list_api_keys(call: Call[Nothing]) -> ApiKeyList:
    """List the API keys, oldest first; revoked ones for another 90 days."""
    query = cast("ListQuery", call.query)
    page = identity().api_keys.list(tenant_id=call.tenant_id, limit=query.limit, cursor=query.cursor)
    data = [ApiKeyView.of(key) for key in page.rows]
    return ApiKeyList(data=data, next_cursor=page.position, has_more=page.position is not None)


@api.endpoint(
    "POST",
    "/v1/api-keys",
    allow=_KEY_MAKER,
    body=NewApiKey,
    returns=FreshApiKey,
    status=201,
    audit="api_key.created",
    replayable=True,
    errors=(ScopeNotYours, NotFound),
)
def create_api_key(call: Call[NewApiKey]) -> FreshApiKey:
    """Make an API key. It is shown this once, and not again in a replay."""
    body = call.body
    issued = identity().api_keys.create(
        creator=call.principal,
        name=body.name,
        scopes=body.scopes,
        mode=body.mode,
        site_id=body.site_id,
        expires_at=body.expires_at,
        now=call.at,
    )
    return FreshApiKey.issued(issued.api_key, text=issued.key)


@api.endpoint("DELETE", "/v1/api-keys/{key_id}", allow=_KEY_MAKER, status=204, audit="api_key.revoked", errors=(Stale,))
def revoke_api_key(call: Call[Nothing]) -> None:
    """Revoke an API key, from the next request on."""
    identity().api_keys.revoke(tenant_id=call.tenant_id, key_id=call.path["key_id"], now=call.at)
