"""Who else is in a tenant over HTTP, and the API keys of its programs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from chalicelib.core.errors import Forbidden, NotFound, Stale
from chalicelib.core.identity import Scope
from chalicelib.features.identity.model.api_key import ScopeNotYours
from chalicelib.features.identity.model.person import InvalidToken
from chalicelib.features.identity.model.session import TokenExpired
from chalicelib.features.identity.model.team import LastOwner, OwnerWithoutAccount, RoleNotYours
from chalicelib.features.identity.schemas.api_keys import ApiKeyList, ApiKeyView, FreshApiKey, NewApiKey
from chalicelib.features.identity.schemas.team import Heir, MemberList, MemberView, RoleChange
from chalicelib.features.identity.wiring import identity
from chalicelib.web.allow import OWNER, USER, StepUpRequired, fresh, holder, person, standing
from chalicelib.web.api import Api
from chalicelib.web.call import Call
from chalicelib.web.schema import ListQuery, Nothing

api = Api(__name__, tag="accounts")

_TEAM = person(Scope.TEAM_WRITE)
_KEY_MAKER = standing(_TEAM)  # no key makes keys: a leaked one would outlive its end in its children
_KEEPER = standing(_TEAM)  # and none makes friends
_REFUSALS = (NotFound, RoleNotYours, LastOwner, OwnerWithoutAccount, StepUpRequired, InvalidToken, TokenExpired, Stale)


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


@api.endpoint(
    "PATCH", "/v1/members/{user_id}", allow=_KEEPER, body=RoleChange, returns=MemberView, audit="member.role_changed",
    facts=("role",), errors=_REFUSALS,
)  # fmt: skip
def change_role(call: Call[RoleChange]) -> MemberView:
    """Give a member another role.

    Nobody gives or takes a role that may do more than their own. To make an owner, or to change one, takes a password
    that was given in the last ten minutes.
    """
    changed = identity().team.change_role(
        actor=call.principal, user_id=call.path["user_id"], role=call.body.role, prove=_prove(call)
    )
    return MemberView.of(changed)


@api.endpoint(
    "DELETE", "/v1/members/{user_id}", allow=standing(USER), status=204, audit="member.removed", errors=_REFUSALS
)
def remove_member(call: Call[Nothing]) -> None:
    """Remove a member, or leave.

    Everybody may leave but the only owner; to remove others takes the scope team:write, and a role that may do no less
    than theirs. What they were signed in to here ends within fifteen minutes, and at once where it matters. API keys
    that they made stay: they are the account's. Who is a member of no account for 30 days is erased.
    """
    user_id = call.path["user_id"]
    if user_id != call.principal.subject:
        _TEAM.check(call.principal)
    identity().team.remove(actor=call.principal, user_id=user_id, prove=_prove(call), now=call.at)


@api.endpoint(
    "POST", "/v1/tenant/transfer-ownership", allow=fresh(OWNER), body=Heir, returns=MemberView,
    audit="tenant.ownership_transferred", facts=("user_id",), errors=_REFUSALS,
)  # fmt: skip
def transfer_ownership(call: Call[Heir]) -> MemberView:
    """Hand the account over to another member.

    They become an owner, you become an admin: refresh your access token. Both are told by letter.
    """
    heir = identity().team.transfer(actor=call.principal, user_id=call.body.user_id, request_id=call.request_id)
    return MemberView.of(heir)


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
    facts=("scopes", "mode", "site_id"),
    replayable=True,
    errors=(ScopeNotYours, NotFound, InvalidToken, TokenExpired),
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


@api.endpoint(
    "DELETE",
    "/v1/api-keys/{key_id}",
    allow=_KEY_MAKER,
    status=204,
    audit="api_key.revoked",
    errors=(InvalidToken, TokenExpired, Stale),
)
def revoke_api_key(call: Call[Nothing]) -> None:
    """Revoke an API key. It opens nothing any more within half a minute, wherever it is used."""
    identity().api_keys.revoke(tenant_id=call.tenant_id, key_id=call.path["key_id"], now=call.at)


def _prove(call: Call[Any]) -> Callable[[], None]:
    return partial(fresh(USER).check_freshness, call.principal, now=call.at)
