"""Who else is in a tenant over HTTP, and the API keys of its programs."""

from __future__ import annotations

from typing import cast

from chalicelib.core.errors import Forbidden, NotFound, Stale
from chalicelib.core.identity import Scope
from chalicelib.features.identity.model.api_key import ScopeNotYours
from chalicelib.features.identity.model.person import InvalidToken
from chalicelib.features.identity.model.session import TokenExpired
from chalicelib.features.identity.schemas import (
    ApiKeyList,
    ApiKeyView,
    FreshApiKey,
    MemberList,
    MemberView,
    NewApiKey,
)
from chalicelib.features.identity.wiring import identity
from chalicelib.web.allow import holder, person, standing
from chalicelib.web.api import Api
from chalicelib.web.call import Call
from chalicelib.web.schema import ListQuery, Nothing

api = Api(__name__, tag="accounts")

_KEY_MAKER = standing(person(Scope.TEAM_WRITE))  # no key makes keys: a leaked one would outlive its end in its children


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
    """Revoke an API key, from the next request on."""
    identity().api_keys.revoke(tenant_id=call.tenant_id, key_id=call.path["key_id"], now=call.at)
