"""The tenant over HTTP: the one that a person is signed in to."""

from __future__ import annotations

from chalicelib.core.errors import NotFound, Stale
from chalicelib.core.identity import Scope
from chalicelib.features.tenants.schemas import OwnTenant, TenantRenaming
from chalicelib.features.tenants.wiring import tenants
from chalicelib.web.allow import USER, person
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
    body=TenantRenaming,
    returns=OwnTenant,
    audit="tenant.renamed",
    errors=(NotFound, Stale),
)
def rename_tenant(call: Call[TenantRenaming]) -> OwnTenant:
    """Rename the tenant."""
    return OwnTenant.of(tenants().rename(tenant_id=call.tenant_id, name=call.body.name))
