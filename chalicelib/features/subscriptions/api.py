"""Subscriptions over HTTP: for browsers on a site's pages, which prove themselves by token, for its owner, and for the
operator, who takes back what a push service said wrongly.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from chalicelib.channels.endpoints import BadEndpoint
from chalicelib.config import settings
from chalicelib.core.errors import Stale
from chalicelib.core.identity import Scope
from chalicelib.core.paging import BadCursor
from chalicelib.features.sites.model import OriginNotAllowed
from chalicelib.features.subscriptions.model import (
    Consent,
    Sight,
    Status,
    SubscriptionEnded,
    read_browser,
)
from chalicelib.features.subscriptions.schemas import (
    AudienceChanges,
    ConsentGiven,
    HealthView,
    LeavingQuery,
    NewSubscription,
    RestoredSubscriptions,
    RestoreSubscriptions,
    SubscribedView,
    SubscriptionChanges,
    SubscriptionList,
    SubscriptionQuery,
    SubscriptionView,
)
from chalicelib.features.subscriptions.service.profiles import consent_given
from chalicelib.features.subscriptions.service.proofs import BadSubscriptionToken, UnprovenExternalId
from chalicelib.features.subscriptions.service.sights import sight_of
from chalicelib.features.subscriptions.service.subscriptions import Filter, WrongVapidKey
from chalicelib.features.subscriptions.wiring import checkup, gate, seen_on_pages, subscriptions, tombstones
from chalicelib.web.allow import BROWSER, OPERATOR, holder
from chalicelib.web.api import Answer, Api
from chalicelib.web.browser import BrowserApi, site_of
from chalicelib.web.call import Call
from chalicelib.web.schema import AnyQuery, Nothing

api = Api(__name__, tag="subscriptions", about="A subscription is one browser that said yes to one site.")
sdk_api = BrowserApi(__name__, tag="sdk", gate=gate, witness=seen_on_pages)
ops_api = Api(__name__, tag="operations")
apis = (api, sdk_api, ops_api)

_SITE = "/v1/sites/{site_id}/subscriptions"
_SDK = "/v1/sdk/{site_key}/subscriptions"
_TOKEN = "X-Subscription-Token"  # noqa: S105 -- the name of a header


@sdk_api.endpoint(
    "POST", _SDK, allow=BROWSER, body=NewSubscription, returns=SubscribedView, status=201, also={200: SubscribedView},
    errors=(OriginNotAllowed, UnprovenExternalId, BadEndpoint, SubscriptionEnded, WrongVapidKey, Stale),
)  # fmt: skip
def subscribe(call: Call[NewSubscription]) -> Answer:
    """Subscribe a browser.

    By endpoint: the same one is the same subscription, answered with 200 instead of 201, and what is left out stays.
    """
    body = call.body
    found = subscriptions().subscribe(
        tenant_id=call.tenant_id,
        site_id=site_of(call),
        browser=read_browser(
            endpoint=body.subscription.endpoint,
            p256dh=body.subscription.keys.p256dh,
            auth=body.subscription.keys.auth,
        ),
        profile=body.told(call.at),
        signature=body.external_id_signature,
        previous_endpoint=body.previous_endpoint,
        consent=_consent(body.consent, call.at),
        sight=_sight(call),
        vapid_public_key=body.vapid_public_key and body.vapid_public_key.rstrip("="),
        is_renewal=body.is_renewal,
        now=call.at,
    )
    view = SubscribedView(
        subscription_id=found.subscription.id, token=found.token, vapid_public_key=found.vapid_public_key
    )
    return Answer(view, status=201 if found.is_new else 200)


@sdk_api.endpoint("OPTIONS", _SDK, allow=BROWSER, status=204)
def preflight_subscribe(_call: Call[Nothing]) -> Nothing:
    """Answer a preflight."""
    return Nothing()


@sdk_api.endpoint(
    "PATCH", _SDK + "/{subscription_id}", allow=BROWSER, body=SubscriptionChanges, status=204,
    errors=(BadSubscriptionToken, OriginNotAllowed, UnprovenExternalId, SubscriptionEnded, Stale),
)  # fmt: skip
def change_own_subscription(call: Call[SubscriptionChanges]) -> None:
    """Change what is known of this browser's visitor. Left out stays, null takes back, attributes merge by name."""
    subscriptions().change_own(
        tenant_id=call.tenant_id,
        site_id=site_of(call),
        subscription_id=call.path["subscription_id"],
        token=call.header(_TOKEN),
        profile=call.body.told(call.at),
        signature=call.body.external_id_signature,
        consent=_consent(call.body.consent, call.at),
        sight=_sight(call),
        now=call.at,
    )


@sdk_api.endpoint(
    "DELETE", _SDK + "/{subscription_id}", allow=BROWSER, query=LeavingQuery, status=204,
    errors=(BadSubscriptionToken, OriginNotAllowed, Stale),
)  # fmt: skip
def unsubscribe(call: Call[Nothing]) -> None:
    """Unsubscribe this browser."""
    subscriptions().end_own(
        tenant_id=call.tenant_id,
        site_id=site_of(call),
        subscription_id=call.path["subscription_id"],
        token=call.header(_TOKEN),
        said_ms=cast("LeavingQuery", call.query).told_ms(call.at),
        now=call.at,
    )


@sdk_api.endpoint("OPTIONS", _SDK + "/{subscription_id}", allow=BROWSER, query=AnyQuery, status=204)
def preflight_own_subscription(_call: Call[Nothing]) -> Nothing:
    """Answer a preflight."""
    return Nothing()


@api.endpoint(
    "GET",
    _SITE,
    allow=holder(Scope.AUDIENCE_READ),
    query=SubscriptionQuery,
    returns=SubscriptionList,
    reveals="subscribers",
)
def list_subscriptions(call: Call[Nothing]) -> SubscriptionList:
    """List the subscriptions of a site, in the order of their ids.

    A page of a filtered list may hold fewer than `limit`, even none, and still have more: follow `next_cursor`.
    """
    query = cast("SubscriptionQuery", call.query)
    page = subscriptions().list(
        tenant_id=call.tenant_id,
        site_id=call.path["site_id"],
        wanted=Filter(
            tag=query.tag, external_id=query.external_id, status=Status(query.status) if query.status else None
        ),
        limit=query.limit,
        cursor=query.cursor,
    )
    return SubscriptionList(
        data=[SubscriptionView.of(subscription) for subscription in page.rows],
        next_cursor=page.position,
        has_more=page.position is not None,
    )


@api.endpoint(
    "GET",
    _SITE + "/{subscription_id}",
    allow=holder(Scope.AUDIENCE_READ),
    returns=SubscriptionView,
    reveals="subscribers",
)
def get_subscription(call: Call[Nothing]) -> SubscriptionView:
    """Show a subscription."""
    return SubscriptionView.of(subscriptions().get(**_named(call)))


@api.endpoint(
    "PATCH",
    _SITE + "/{subscription_id}",
    allow=holder(Scope.AUDIENCE_WRITE),
    body=AudienceChanges,
    returns=SubscriptionView,
    audit="subscription.changed",
    errors=(SubscriptionEnded, Stale),
)
def change_subscription(call: Call[AudienceChanges]) -> SubscriptionView:
    """Change what is known of a subscription's visitor. Left out stays, null takes back, attributes merge by name."""
    return SubscriptionView.of(subscriptions().change(**_named(call), profile=call.body.profile()))


@api.endpoint(
    "DELETE",
    _SITE + "/{subscription_id}",
    allow=holder(Scope.AUDIENCE_WRITE),
    status=204,
    audit="subscription.removed",
    errors=(Stale,),
)
def remove_subscription(call: Call[Nothing]) -> None:
    """Send nothing to this browser any more. What is known of it is kept for 30 days, then deleted."""
    subscriptions().end(**_named(call), now=call.at)


@api.endpoint("GET", "/v1/sites/{site_id}/health", allow=holder(Scope.ANALYTICS_READ), returns=HealthView)
def get_site_health(call: Call[Nothing]) -> HealthView:
    """Show how many of a site's subscribers a push really reaches.

    `reachable` is the sum of the chances of all active subscriptions, `score` is `reachable / subscribers`. A chance is
    what the last proof of life leaves: 0.99 within 1 day, 0.97 within 7 days, 0.90 within 30 days, 0.70 within 90 days,
    0.45 within 180 days, 0.25 within 270 days, 0.05 longer ago; and none while its push service knows the browser under
    another key. A visit is a proof of life, and so is what a browser does with a notification. Sites of more than 1,000
    subscriptions are judged by a sample of so many; `error_bound` is 1.96 standard deviations of its sum.
    """
    found = checkup().of_site(tenant_id=call.tenant_id, site_id=call.path["site_id"], now=call.at)
    return HealthView.of(found, formula=f"{settings().public_url}/docs#get_site_health")


@ops_api.endpoint(
    "POST",
    "/v1/ops/tenants/{tenant_id}/sites/{site_id}/subscriptions/restore",
    allow=OPERATOR,
    body=RestoreSubscriptions,
    returns=RestoredSubscriptions,
    errors=(BadCursor,),
)
def restore_subscriptions(call: Call[RestoreSubscriptions]) -> RestoredSubscriptions:
    """Bring back subscriptions that a push service, or the site's own sunset, ended by mistake.

    Only those that were ended so within 30 days, and that nobody has touched since. A call does so much and no
    more: follow `next_cursor`, which goes with the same span and push host.
    """
    body = call.body
    done = tombstones().restore(
        tenant_id=call.path["tenant_id"],
        site_id=call.path["site_id"],
        mistake=body.mistake,
        cursor=body.cursor,
        only_count=body.dry_run,
        now=call.at,
    )
    return RestoredSubscriptions.of(done, dry_run=body.dry_run)


def _named(call: Call[AudienceChanges] | Call[Nothing]) -> dict[str, str]:
    return {"tenant_id": call.tenant_id, **call.path}


def _sight(call: Call[NewSubscription] | Call[SubscriptionChanges]) -> Sight:
    return sight_of(call.request_headers, country_header=settings().country_header)


def _consent(given: ConsentGiven | None, now: datetime) -> Consent | None:
    return None if given is None else consent_given(text=given.text, version=given.version, at=given.at, now=now)
