"""What people see and change of themselves over HTTP."""

from __future__ import annotations

from typing import cast

from chalicelib.core.errors import NotFound, Stale
from chalicelib.core.identity import Principal
from chalicelib.features.identity.model.credentials import InvalidCredentials
from chalicelib.features.identity.model.person import InvalidToken
from chalicelib.features.identity.model.session import TokenExpired
from chalicelib.features.identity.schemas.accounts import (
    Me,
    NewEmail,
    PasswordChange,
    Renaming,
    SessionList,
    SessionView,
)
from chalicelib.features.identity.wiring import entrance, identity
from chalicelib.web.allow import OWN, OWN_OR_SSO, fresh
from chalicelib.web.api import Api
from chalicelib.web.call import Call
from chalicelib.web.schema import Accepted, ListQuery, Nothing

api = Api(__name__, tag="accounts")

_CHECK_MAIL = Accepted(status="check_mail")


@api.endpoint("GET", "/v1/me", allow=OWN_OR_SSO, returns=Me, errors=(NotFound,))
def get_me(call: Call[Nothing]) -> Me:
    """Show who you are, and where."""
    return _me(call.principal)


@api.endpoint("PATCH", "/v1/me", allow=OWN, body=Renaming, returns=Me, audit="user.renamed", errors=(NotFound, Stale))
def rename_me(call: Call[Renaming]) -> Me:
    """Say what you are called."""
    identity().own_account.rename(user_id=call.principal.subject, name=call.body.name)
    return _me(call.principal)


@api.endpoint(
    "POST", "/v1/me/email", allow=fresh(OWN), body=NewEmail, returns=Accepted, status=202,
    audit="email.change_asked", errors=(InvalidCredentials, InvalidToken, TokenExpired, Stale),
)  # fmt: skip
def ask_for_email(call: Call[NewEmail]) -> Accepted:
    """Ask to move to another e-mail address. A letter with a link goes there, and a notice to the present one.

    Nothing changes before the link is followed. Five wrong passwords in a row end the session.
    """
    principal = call.principal
    entrance().ask_for_email(
        user_id=principal.subject,
        session_id=principal.session_id or "",
        email=call.body.email,
        password=call.body.password,
        request_id=call.request_id,
        now=call.at,
    )
    return _CHECK_MAIL


@api.endpoint(
    "POST", "/v1/me/password", allow=OWN, body=PasswordChange, status=204, audit="password.changed",
    errors=(InvalidCredentials, InvalidToken, Stale),
)  # fmt: skip
def change_password(call: Call[PasswordChange]) -> None:
    """Change the password. Every other session ends, and a letter says so.

    Five wrong passwords in a row end the session.
    """
    principal = call.principal
    identity().own_account.change_password(
        user_id=principal.subject,
        session_id=principal.session_id or "",
        current=call.body.current_password,
        password=call.body.password,
        request_id=call.request_id,
        now=call.at,
    )


@api.endpoint("GET", "/v1/me/sessions", allow=OWN, query=ListQuery, returns=SessionList, errors=(NotFound,))
def list_sessions(call: Call[Nothing]) -> SessionList:
    """List where you are signed in, the oldest first.

    A page may hold fewer than were asked for: sessions that are over are left out of it.
    """
    query, principal = cast("ListQuery", call.query), call.principal
    page = identity().own_account.list_sessions(
        user_id=principal.subject, limit=query.limit, cursor=query.cursor, now=call.at
    )
    data = [SessionView.of(session, asking=principal.session_id) for session in page.rows]
    return SessionList(data=data, next_cursor=page.position, has_more=page.position is not None)


@api.endpoint("DELETE", "/v1/me/sessions/{session_id}", allow=OWN, status=204, audit="session.ended", errors=(Stale,))
def end_session(call: Call[Nothing]) -> None:
    """Sign out somewhere else, or here."""
    identity().own_account.end_session(user_id=call.principal.subject, session_id=call.path["session_id"])


def _me(principal: Principal) -> Me:
    profile = identity().people.profile(user_id=principal.subject, tenant_id=principal.tenant_id)
    return Me.of(profile, principal)
