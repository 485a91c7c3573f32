"""Removing over HTTP: what belonged to a site, and how far it has come."""

from __future__ import annotations

from chalicelib.core.errors import Forbidden, NotFound, Stale
from chalicelib.core.identity import Scope
from chalicelib.features.identity.model.team import LastOwner
from chalicelib.features.privacy.model import Kind
from chalicelib.features.privacy.schemas.bodies import (
    AccountClosing,
    JobView,
    OwnExport,
    PrivacyJobView,
    RetentionTerms,
    SiteClosing,
    Somebody,
)
from chalicelib.features.privacy.service.subscribers import Disclosure
from chalicelib.features.privacy.wiring import accounts, jobs, own_accounts, retaining, site_closing, subscribers
from chalicelib.web.allow import OWN, OWNER, fresh, holder, person
from chalicelib.web.api import Api
from chalicelib.web.call import Call
from chalicelib.web.schema import Accepted, Nothing

sites_api = Api(__name__, tag="sites")
privacy_api = Api(
    __name__,
    tag="privacy",
    about="What is kept of one person: told, and erased. Both are in the audit log, and so is who reads it.",
)
accounts_api = Api(__name__, tag="accounts")
apis = (sites_api, accounts_api, privacy_api)


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
    _not_bound(call)
    return JobView.of(jobs().get(tenant_id=call.tenant_id, job_id=call.path["job_id"]))


@privacy_api.endpoint(
    "POST", "/v1/privacy/export", allow=holder(Scope.PRIVACY_WRITE), body=Somebody, returns=JobView, status=202,
    audit="subscriber.exported", replayable=True,
)  # fmt: skip
def export_subscriber(call: Call[Somebody]) -> JobView:
    """Export all that is kept of one subscriber, on every site of the account.

    Read it at `GET /v1/privacy/jobs/{job_id}`, for a day.
    """
    _not_bound(call)
    asked = {"tenant_id": call.tenant_id, "asked_by": call.principal.subject}
    return JobView.of(subscribers().export(**asked, about=call.body.about, now=call.at))


@privacy_api.endpoint(
    "POST", "/v1/privacy/erase", allow=holder(Scope.PRIVACY_WRITE), body=Somebody, returns=JobView, status=202,
    audit="subscriber.erased", replayable=True,
)  # fmt: skip
def erase_subscriber(call: Call[Somebody]) -> JobView:
    """Erase all that is kept of one subscriber, on every site of the account, ended subscriptions too.

    There is no way back. A browser that still has the site's page open is refused for 30 days (404 for what it says of
    itself, 409 `subscription_ended` where it subscribes), unless its visitor asks for a new push subscription: that is
    somebody new.
    """
    _not_bound(call)
    asked = {"tenant_id": call.tenant_id, "asked_by": call.principal.subject}
    return JobView.of(subscribers().erase(**asked, about=call.body.about, now=call.at))


@privacy_api.endpoint(
    "GET", "/v1/privacy/jobs/{job_id}", allow=holder(Scope.PRIVACY_WRITE), returns=PrivacyJobView,
    errors=(NotFound,), reveals="subscribers",
)  # fmt: skip
def get_privacy_job(call: Call[Nothing]) -> PrivacyJobView:
    """Show how far an erasure has come, or what an export is about as it is kept now."""
    _not_bound(call)
    job = jobs().get(tenant_id=call.tenant_id, job_id=call.path["job_id"])
    if job.kind not in {Kind.EXPORT, Kind.ERASURE}:
        raise NotFound
    nothing = Disclosure((), ())
    return PrivacyJobView.told(job, subscribers().disclose(job) if job.kind is Kind.EXPORT else nothing)


@accounts_api.endpoint("GET", "/v1/me/export", allow=OWN, returns=OwnExport)
def export_me(call: Call[Nothing]) -> OwnExport:
    """Export what is kept with your account: who you are, where you are a member or signed in, what opens it.

    Not in it: what others keep that has your address or your id, as invitations, audit logs, and blocks by suspicion.
    """
    return OwnExport.of(own_accounts().export(user_id=call.principal.subject), at=call.at)


@accounts_api.endpoint(
    "DELETE", "/v1/me", allow=fresh(OWN), returns=Accepted, status=202, audit="user.erased",
    errors=(LastOwner, NotFound, Stale),
)  # fmt: skip
def erase_me(call: Call[Nothing]) -> Accepted:
    """Erase your own account, everywhere and for good.

    You leave every account you are a member of. Of one that only you own, hand over the ownership first; one that you
    close takes you along on its last day.
    The audit logs keep the bare id you had.
    """
    principal = call.principal
    own_accounts().leave(
        user_id=principal.subject, tenant_id=principal.tenant_id, request_id=call.request_id, now=call.at
    )
    return Accepted(status="erasing")


@accounts_api.endpoint(
    "DELETE", "/v1/tenant", allow=fresh(OWNER), returns=AccountClosing, status=202, audit="tenant.closed",
    errors=(NotFound, Stale),
)  # fmt: skip
def close_tenant(call: Call[Nothing]) -> AccountClosing:
    """Close the account.

    Nothing is sent from now on; all API keys and sessions end. After 30 days everything is removed for good, and with
    it people who are members of no other account. Until then an owner can sign in and reopen it.
    """
    closed = accounts().close(tenant_id=call.tenant_id, asked_by=call.principal.subject, now=call.at)
    return AccountClosing.of(closed)


@accounts_api.endpoint(
    "POST", "/v1/tenant/reopen", allow=fresh(OWNER), returns=AccountClosing, audit="tenant.reopened",
    errors=(NotFound, Stale),
)  # fmt: skip
def reopen_tenant(call: Call[Nothing]) -> AccountClosing:
    """Reopen an account that is closing. API keys have to be made anew; campaigns go on where they were."""
    return AccountClosing.of(accounts().reopen(tenant_id=call.tenant_id, now=call.at))


@accounts_api.endpoint("GET", "/v1/tenant/retention", allow=person(Scope.PRIVACY_WRITE), returns=RetentionTerms)
def get_retention(call: Call[Nothing]) -> RetentionTerms:
    """Show how long things are kept."""
    return RetentionTerms.of(retaining().get(tenant_id=call.tenant_id))


@accounts_api.endpoint(
    "PUT", "/v1/tenant/retention", allow=fresh(person(Scope.PRIVACY_WRITE)), body=RetentionTerms,
    returns=RetentionTerms, audit="tenant.retention_changed",
    facts=("ended_subscriptions_days", "unseen_subscriptions_days", "campaign_runs_days"),
)  # fmt: skip
def change_retention(call: Call[RetentionTerms]) -> RetentionTerms:
    """Say how long things are kept. What is older is removed every night, for good."""
    return RetentionTerms.of(retaining().put(tenant_id=call.tenant_id, wanted=call.body.wanted, now=call.at))


def _not_bound(call: Call[Somebody] | Call[Nothing]) -> None:
    if call.principal.site_id is not None:
        raise Forbidden("This is about the whole account, and this key is bound to one site.")
