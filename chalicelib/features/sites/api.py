"""Sites over HTTP: for the people and keys that own them, and the public configuration that the SDK starts from."""

from __future__ import annotations

from typing import cast

from chalicelib.config import settings
from chalicelib.core.errors import Stale
from chalicelib.core.identity import Scope
from chalicelib.features.sites.model import OriginNotAllowed, Site, Snippets
from chalicelib.features.sites.schemas import (
    IdentitySecret,
    NewSite,
    SdkConfig,
    SdkQuery,
    SiteChanges,
    SiteList,
    SiteView,
)
from chalicelib.features.sites.wiring import seen_on_pages, sites
from chalicelib.web.allow import BROWSER, holder, person, standing
from chalicelib.web.api import Api
from chalicelib.web.browser import BrowserApi, site_of
from chalicelib.web.call import Call
from chalicelib.web.schema import AnyQuery, ListQuery, Nothing

api = Api(
    __name__,
    tag="sites",
    about="A site is a web property: its address, the origins that may subscribe browsers, and its VAPID key.",
)
sdk_api = BrowserApi(
    __name__,
    tag="sdk",
    gate=sites,
    witness=seen_on_pages,
    about="What the script on a site's pages calls: from one of the site's origins, with its public key in the path.",
)


@api.endpoint(
    "POST",
    "/v1/sites",
    allow=holder(Scope.SITES_WRITE),
    body=NewSite,
    returns=SiteView,
    status=201,
    audit="site.created",
    replayable=True,
)
def create_site(call: Call[NewSite]) -> SiteView:
    """Make a site, with a VAPID key of its own."""
    site = sites().create(
        tenant_id=call.tenant_id,
        name=call.body.name,
        url=call.body.url,
        origins=None if call.body.origins is None else tuple(call.body.origins),
        subject=call.body.subject,
        bound_to=call.principal.site_id,
        now=call.at,
    )
    return _view(site)


@api.endpoint("GET", "/v1/sites", allow=holder(Scope.SITES_READ), query=ListQuery, returns=SiteList)
def list_sites(call: Call[Nothing]) -> SiteList:
    """List the sites, oldest first."""
    query = cast("ListQuery", call.query)
    page = sites().list(
        tenant_id=call.tenant_id, limit=query.limit, cursor=query.cursor, bound_to=call.principal.site_id
    )
    return SiteList(
        data=[_view(site) for site in page.rows], next_cursor=page.position, has_more=page.position is not None
    )


@api.endpoint("GET", "/v1/sites/{site_id}", allow=holder(Scope.SITES_READ), returns=SiteView)
def get_site(call: Call[Nothing]) -> SiteView:
    """Show a site."""
    return _view(sites().get(tenant_id=call.tenant_id, site_id=call.path["site_id"]))


@api.endpoint(
    "PATCH",
    "/v1/sites/{site_id}",
    allow=holder(Scope.SITES_WRITE),
    body=SiteChanges,
    returns=SiteView,
    audit="site.changed",
    facts=("sunset_after_days",),
    errors=(Stale,),
)
def change_site(call: Call[SiteChanges]) -> SiteView:
    """Change a site.

    What is left out stays as it is. `origins` replaces the whole list, and holds for the next request of any browser.
    `sunset_after_days` is looked after each night; `GET /v1/sites/{site_id}/health` tells beforehand whom it would end.
    """
    site = sites().change(
        tenant_id=call.tenant_id,
        site_id=call.path["site_id"],
        name=call.body.name,
        url=call.body.url,
        origins=None if call.body.origins is None else tuple(call.body.origins),
        subject=call.body.subject,
        sunset_after_days=call.body.sunset,
    )
    return _view(site)


@api.endpoint(
    "GET", "/v1/sites/{site_id}/identity-secret", allow=standing(person(Scope.SITES_WRITE)), returns=IdentitySecret
)
def get_identity_secret(call: Call[Nothing]) -> IdentitySecret:
    """Show what the site's own server signs external ids with.

    base64url(HMAC-SHA256(secret, external id)) is the `external_id_signature` that a page hands to the SDK. Keep it on
    the server: whoever has it can say whose browser is whose.
    """
    secret = sites().identity_secret(tenant_id=call.tenant_id, site_id=call.path["site_id"])
    return IdentitySecret(identity_secret=secret)


@sdk_api.endpoint(
    "GET",
    "/v1/sdk/{site_key}/config",
    allow=BROWSER,
    query=SdkQuery,
    returns=SdkConfig,
    errors=(OriginNotAllowed,),
)
def get_sdk_config(call: Call[Nothing]) -> SdkConfig:
    """Show what the SDK starts from."""
    site = sites().get(tenant_id=call.tenant_id, site_id=site_of(call))
    return SdkConfig(vapid_public_key=site.vapid_public_key)


@sdk_api.endpoint("OPTIONS", "/v1/sdk/{site_key}/config", allow=BROWSER, query=AnyQuery, status=204)
def preflight_config(_call: Call[Nothing]) -> Nothing:
    """Answer a preflight."""
    return Nothing()


def _view(site: Site) -> SiteView:
    known = settings()
    return SiteView.of(site, snippets=Snippets(api_url=known.public_url, sdk_url=known.sdk_url or known.public_url))
