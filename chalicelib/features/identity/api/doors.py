"""The doors of an account over HTTP: registering, signing in and out, and getting back in."""

from __future__ import annotations

from chalicelib.core.errors import NotFound, Stale
from chalicelib.core.identity import SsoSession
from chalicelib.core.limits import RouteClass
from chalicelib.core.suspicion import Blocked
from chalicelib.features.identity.api.seen import device_of
from chalicelib.features.identity.model.credentials import InvalidCredentials
from chalicelib.features.identity.model.person import EmailTaken, InvalidToken, NoTenant
from chalicelib.features.identity.model.second_factor import OtpRequired
from chalicelib.features.identity.model.session import TokenReused
from chalicelib.features.identity.schemas.accounts import (
    EmailProof,
    Login,
    Mailbox,
    NewAccount,
    NewPassword,
    Refresh,
    SignedInView,
    StepUp,
    Switch,
    TokensView,
)
from chalicelib.features.identity.wiring import entrance, identity
from chalicelib.web.allow import ANYONE, OWN, OWN_OR_SSO
from chalicelib.web.api import Api
from chalicelib.web.call import Call
from chalicelib.web.schema import Accepted, Nothing

api = Api(__name__, tag="accounts", about="People, what they are members of, and the API keys of their programs.")

_CHECK_MAIL = Accepted(status="check_mail")


@api.endpoint(
    "POST", "/v1/auth/register", allow=ANYONE, body=NewAccount, returns=Accepted, status=202,
    counts_as=RouteClass.REGISTER, errors=(Blocked,),
)  # fmt: skip
def register(call: Call[NewAccount]) -> Accepted:
    """Register.

    Always the same answer. A letter with a link goes to the address; no account exists before the link is followed.
    """
    body = call.body
    entrance().register(
        email=body.email,
        password=body.password,
        tenant_name=body.tenant_name,
        address=call.client_address,
        now=call.at,
    )
    return _CHECK_MAIL


@api.endpoint(
    "POST", "/v1/auth/verify-email", allow=ANYONE, body=EmailProof, returns=SignedInView,
    errors=(InvalidCredentials, InvalidToken, EmailTaken, Stale),
)  # fmt: skip
def verify_email(call: Call[EmailProof]) -> SignedInView:
    """Prove an address and open the account.

    The token of the letter works only together with the password given at that registration, five times at most.
    """
    done = entrance().verify_email(
        token=call.body.token,
        password=call.body.password,
        address=call.client_address,
        request_id=call.request_id,
        now=call.at,
        device=device_of(call),
    )
    return SignedInView.signed_in(done)


@api.endpoint("POST", "/v1/auth/verify-email/resend", allow=ANYONE, body=Mailbox, returns=Accepted, status=202)
def resend_verification(call: Call[Mailbox]) -> Accepted:
    """Have the letter sent again. Always the same answer.

    A mailbox gets three letters an hour about registrations, however many are asked for.
    """
    entrance().resend(email=call.body.email, now=call.at)
    return _CHECK_MAIL


@api.endpoint("POST", "/v1/auth/password/forgot", allow=ANYONE, body=Mailbox, returns=Accepted, status=202)
def forget_password(call: Call[Mailbox]) -> Accepted:
    """Have a link to a new password sent. Always the same answer.

    A letter goes to the address if it has an account, one in three minutes at most.
    """
    entrance().forgot(email=call.body.email, now=call.at)
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
    "POST", "/v1/auth/login", allow=ANYONE, body=Login, returns=SignedInView,
    errors=(InvalidCredentials, OtpRequired, NoTenant, NotFound, Stale, Blocked),
)  # fmt: skip
def login(call: Call[Login]) -> SignedInView:
    """Sign in.

    Who has a second factor is told so once the password is right, and sends it again with `otp`. Each code is good
    once. After five wrong ones in a row, one is taken every quarter of an hour.

    After five wrong passwords in fifteen minutes an account takes no more, nor does any account from that address, for
    as long as the first of them is younger than that. A device that gives back its `device_token` is counted by itself.
    """
    body = call.body
    done = entrance().login(
        email=body.email,
        password=body.password,
        otp=body.otp,
        address=call.client_address,
        known_by=body.device_token,
        tenant_id=body.tenant_id,
        request_id=call.request_id,
        now=call.at,
        device=device_of(call),
    )
    return SignedInView.signed_in(done)


@api.endpoint(
    "POST", "/v1/auth/refresh", allow=ANYONE, body=Refresh, returns=TokensView,
    errors=(InvalidToken, TokenReused, Stale), counts_as=RouteClass.RENEW,
)  # fmt: skip
def refresh(call: Call[Refresh]) -> TokensView:
    """Exchange a refresh token for new tokens.

    Each refresh token is good once; repeated within ten seconds it gives the same successor. Used later than that, it
    ends its session: `token_reused`.
    """
    return TokensView.of(identity().sessions.refresh(token=call.body.refresh_token, now=call.at))


@api.endpoint("POST", "/v1/auth/logout", allow=OWN_OR_SSO, status=204, audit="session.ended", errors=(Stale,))
def logout(call: Call[Nothing]) -> None:
    """Sign out of this session.

    Its access token can read until it expires, for fifteen minutes at most, and change nothing about account or keys.
    """
    principal = call.principal
    identity().sessions.logout(user_id=principal.subject, session_id=principal.session_id or "")


@api.endpoint(
    "POST", "/v1/auth/logout-all", allow=OWN_OR_SSO, status=204, audit="session.all_ended", errors=(Stale, SsoSession)
)
def logout_all(call: Call[Nothing]) -> None:
    """Sign out everywhere, here too. Links to a new password or address become void.

    In a session of a tenant's identity provider: those may whom only that knows.
    """
    identity().sessions.logout_all(user_id=call.principal.subject, is_by_sso=call.principal.is_by_sso)


@api.endpoint(
    "POST", "/v1/auth/switch", allow=OWN, body=Switch, returns=TokensView, audit="session.switched",
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


@api.endpoint(
    "POST", "/v1/auth/step-up", allow=OWN, body=StepUp, returns=TokensView, audit="session.proven",
    errors=(InvalidCredentials, OtpRequired, InvalidToken, Stale),
)  # fmt: skip
def step_up(call: Call[StepUp]) -> TokensView:
    """Prove once more who you are. For ten minutes the new tokens may do what is dangerous.

    Counts as a refresh: use the new tokens from now on. Five wrong passwords or codes in a row end the session.
    """
    principal = call.principal
    tokens = identity().own_account.step_up(
        user_id=principal.subject,
        session_id=principal.session_id or "",
        password=call.body.password,
        otp=call.body.otp,
        request_id=call.request_id,
        now=call.at,
    )
    return TokensView.of(tokens)


@api.endpoint(
    "POST", "/v1/auth/email/confirm", allow=ANYONE, body=EmailProof, status=204,
    errors=(InvalidCredentials, InvalidToken, EmailTaken, Stale),
)  # fmt: skip
def confirm_email(call: Call[EmailProof]) -> None:
    """Prove a new address, and move to it.

    The token of the letter works only together with the password of the account, five times at most.
    """
    entrance().confirm_email(
        token=call.body.token,
        password=call.body.password,
        address=call.client_address,
        request_id=call.request_id,
        now=call.at,
    )
