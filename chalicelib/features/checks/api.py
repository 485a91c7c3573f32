"""A look at a site over HTTP."""

from __future__ import annotations

from chalicelib.core.identity import Scope
from chalicelib.core.limits import RouteClass
from chalicelib.features.checks.schemas import CheckView
from chalicelib.features.checks.wiring import checks
from chalicelib.web.allow import holder
from chalicelib.web.api import Api
from chalicelib.web.call import Call
from chalicelib.web.schema import Nothing

api = Api(__name__, tag="sites")


@api.endpoint(
    "GET",
    "/v1/sites/{site_id}/check",
    allow=holder(Scope.SITES_READ),
    returns=CheckView,
    counts_as=RouteClass.CHECK,
)
def check_site(call: Call[Nothing]) -> CheckView:
    """Look a site over, and tell what to do.

    From the page that visitors see to the push services: each thing that has to be right, whether it is, and what to do
    if it is not. It asks the site's own server for its page and its worker file, so it takes a few seconds.
    """
    found = checks().check(tenant_id=call.tenant_id, site_id=call.path["site_id"], now=call.at)
    return CheckView.of(found, at=call.at)
