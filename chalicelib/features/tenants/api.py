"""The tenant over HTTP: the one that a person is signed in to."""

from __future__ import annotations

from chalicelib.core.errors import NotFound, Stale
from chalicelib.core.identity import Scope
from chalicelib.features.tenants.schemas import OwnTenant, TenantChange
from chalicelib.features.tenants.wiring import tenants
from chalicelib.web.allow import OWNER, USER, fresh, person
from chalicelib.web.api import Api
from chalicelib.web.call import Call
from chalicelib.web.schema import Nothing

api = Api(__name__, tag="accounts")


@api.endpoint("GET", "/v1/tenant", allow=USER, returns=OwnTenant, errors=(NotFound,))
def get_tenant(call: Call[Nothing]) -> OwnTenant:
    """Show the tenant you are signed in to."""
    return OwnTenant.of(tenants().get(tenant_id=call.tenant_id))


@api.endpoint(
    "PATCH",
    "/v1/tenant",
    allow=person(Scope.TEAM_WRITE),
    body=TenantChange,
    returns=OwnTenant,
    audit="tenant.changed",
    facts=("require_second_factor",),
    errors=(NotFound, Stale),
    stricter={"require_second_factor": fresh(OWNER)},
)
def change_tenant(call: Call[TenantChange]) -> OwnTenant:
    """Rename the tenant, or say what it asks of its members.

    Once a second factor is required, members without one get 403 `second_factor_required` for everything but their own
    account, an owner too; tokens from before are believed for the minutes they live. API keys go on as before.
    """
    changed = tenants().change(
        tenant_id=call.tenant_id, name=call.body.name, requires_second_factor=call.body.require_second_factor
    )
    return OwnTenant.of(changed)
