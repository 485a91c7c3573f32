"""Invitations over HTTP: written by who may change the team, answered by who reads the mailbox."""

from __future__ import annotations

from functools import partial
from typing import cast

from chalicelib.core.errors import Forbidden, NotFound, Stale
from chalicelib.core.identity import Scope
from chalicelib.features.identity.api.seen import device_of
from chalicelib.features.identity.model.credentials import InvalidCredentials
from chalicelib.features.identity.model.invitation import TooManyInvitations
from chalicelib.features.identity.model.person import InvalidToken
from chalicelib.features.identity.model.session import TokenExpired
from chalicelib.features.identity.model.team import AlreadyMember, RoleNotYours
from chalicelib.features.identity.schemas.team import (
    InvitationAnswer,
    InvitationList,
    InvitationView,
    JoinedView,
    NewInvitation,
)
from chalicelib.features.identity.service.invitations import Answer as Acceptance
from chalicelib.features.identity.wiring import identity
from chalicelib.web.allow import ANYONE, USER, StepUpRequired, fresh, holder, person, standing
from chalicelib.web.api import Answer, Api
from chalicelib.web.call import Call
from chalicelib.web.schema import ListQuery, Nothing

api = Api(__name__, tag="accounts")

_KEEPER = standing(person(Scope.TEAM_WRITE))
_ALL = "/v1/invitations"
_REFUSALS = (RoleNotYours, InvalidToken, TokenExpired, Stale)


@api.endpoint("GET", _ALL, allow=holder(Scope.TEAM_READ), query=ListQuery, returns=InvitationList)
def list_invitations(call: Call[Nothing]) -> InvitationList:
    """List the invitations that nobody has answered yet.

    A page may hold fewer than were asked for: those that have expired are left out of it. A key that is bound to one
    site does not see them.
    """
    if call.principal.site_id is not None:
        raise Forbidden("A key that is bound to one site does not see the tenant's invitations.")
    query = cast("ListQuery", call.query)
    page = identity().invitations.list(tenant_id=call.tenant_id, limit=query.limit, cursor=query.cursor, now=call.at)
    data = [InvitationView.of(invitation) for invitation in page.rows]
    return InvitationList(data=data, next_cursor=page.position, has_more=page.position is not None)


@api.endpoint(
    "POST", _ALL, allow=_KEEPER, body=NewInvitation, returns=InvitationView, status=201, also={200: InvitationView},
    audit="invitation.sent", facts=("role",), replayable=True,
    errors=(AlreadyMember, StepUpRequired, TooManyInvitations, *_REFUSALS),
)  # fmt: skip
def invite(call: Call[NewInvitation]) -> Answer:
    """Invite somebody into the tenant, by letter; or once more.

    The link is good for seven days, once. Who is invited already gets another letter, which makes the one before it
    void, and perhaps another role: 200 instead of 201. A mailbox gets one letter in three minutes at most. Nobody gives
    a role that may do more than their own; to make an owner takes a password that was given in the last ten minutes.
    """
    invitation, is_new = identity().invitations.invite(
        actor=call.principal,
        email=call.body.email,
        role=call.body.role,
        prove=partial(fresh(USER).check_freshness, call.principal, now=call.at),
        now=call.at,
    )
    return Answer(InvitationView.of(invitation), status=201 if is_new else 200)


@api.endpoint(
    "DELETE", f"{_ALL}/{{invitation_id}}", allow=_KEEPER, status=204, audit="invitation.revoked",
    errors=(NotFound, *_REFUSALS),
)  # fmt: skip
def revoke_invitation(call: Call[Nothing]) -> None:
    """Revoke an invitation. Its link is void from now on."""
    identity().invitations.revoke(actor=call.principal, invitation_id=call.path["invitation_id"], now=call.at)


@api.endpoint(
    "POST", f"{_ALL}/accept", allow=ANYONE, body=InvitationAnswer, returns=JoinedView,
    errors=(InvalidToken, InvalidCredentials, AlreadyMember, NotFound, Stale),
)  # fmt: skip
def accept_invitation(call: Call[InvitationAnswer]) -> JoinedView:
    """Accept an invitation with the token of the letter.

    Who has no account with that address chooses a password, and is signed in. Who has one gives its password, five
    times at most, and then signs in, or switches: the invitation opens a tenant, not an account.
    """
    body = call.body
    joined = identity().invitations.accept(
        token=body.token,
        answer=Acceptance(body.password, body.name or "", device_of(call)),
        request_id=call.request_id,
        now=call.at,
    )
    return JoinedView.of(joined)
