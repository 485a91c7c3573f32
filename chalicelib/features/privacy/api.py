"""Removing over HTTP: what belonged to a site, and how far it has come."""

from __future__ import annotations

from chalicelib.core.errors import Forbidden, NotFound, Stale
from chalicelib.core.identity import Scope
from chalicelib.features.privacy.schemas.bodies import JobView, SiteClosing
from chalicelib.features.privacy.wiring import jobs, site_closing
from chalicelib.web.allow import holder
from chalicelib.web.api import Api
from chalicelib.web.call import Call
from chalicelib.web.schema import Nothing

sites_api = Api(__name__, tag="sites")

apis = (sites_api,)


@sites_api.endpoint(
    "DELETE", "/v1/sites/{site_id}", allow=holder(Scope.SITES_WRITE), returns=SiteClosing, status=202,
    audit="site.closed", errors=(Stale,),
)  # fmt: skip
def close_site(call: Call[Nothing]) -> SiteClosing:
    """Close a site.

    It answers 404 from now on, also to its browsers; its campaigns are cancelled. Its subscriptions, campaigns,
    statistics and keys are removed by a job, for good: a million subscriptions take some minutes.
    """
    site_id = call.path["site_id"]
    job = site_closing().close(tenant_id=call.tenant_id, site_id=site_id, asked_by=call.principal.subject, now=call.at)
    return SiteClosing(
        id=site_id,
        status="closing",
        detail="The site is closed. Everything that belongs to it is being removed.",
        job_id=job.id,
    )


@sites_api.endpoint("GET", "/v1/jobs/{job_id}", allow=holder(Scope.SITES_READ), returns=JobView, errors=(NotFound,))
def get_job(call: Call[Nothing]) -> JobView:
    """Show how far a job has come. It can be asked about for 30 days after it is done."""
    if call.principal.site_id is not None:
        raise Forbidden("Jobs are the whole account's, and this key is bound to one site.")
    return JobView.of(jobs().get(tenant_id=call.tenant_id, job_id=call.path["job_id"]))
