"""What becomes of pushes once they are shown: browsers report it, a click is led on, and owners see the sums."""

from __future__ import annotations

from typing import cast
from urllib.parse import quote

from chalicelib.config import settings
from chalicelib.core.errors import NotFound
from chalicelib.core.identity import Scope
from chalicelib.core.limits import RouteClass
from chalicelib.features.analytics.schemas.bodies import EventsTaken, NotificationView, Reported, Stats, StatsQuery
from chalicelib.features.analytics.wiring import clicking, gate, refused_on_pages, reporting, results
from chalicelib.features.sites.model import OriginNotAllowed
from chalicelib.web.allow import ANYONE, BROWSER, holder
from chalicelib.web.api import Answer, Api
from chalicelib.web.browser import BrowserApi, site_of
from chalicelib.web.call import Call
from chalicelib.web.pages.layout import HEADERS, HTML, rooted
from chalicelib.web.pages.lost_click import lost_click_page
from chalicelib.web.problems import Headers
from chalicelib.web.schema import AnyQuery, Nothing

api = Api(__name__, tag="campaigns")
notifications_api = Api(__name__, tag="notifications")
clicks_api = Api(__name__, tag="clicks", about="Where notifications lead, by way of a count.")
sdk_api = BrowserApi(__name__, tag="sdk", gate=gate, witness=refused_on_pages)
apis = (api, notifications_api, clicks_api, sdk_api)

_EVENTS = "/v1/sdk/{site_key}/events"
_AS_IT_IS = "%/:?#[]@!$&'()*+,;=~"  # the rest of an address, letters of other scripts say, is spelled in ASCII
_UNCACHED: Headers = {"Cache-Control": "no-store"}  # a page of ours may be kept


@sdk_api.endpoint(
    "POST", _EVENTS, allow=BROWSER, body=Reported, returns=EventsTaken, status=202, errors=(OriginNotAllowed,),
    counts_as=RouteClass.REPORT,
)  # fmt: skip
def report_events(call: Call[Reported]) -> EventsTaken:
    """Report what became of notifications.

    Each event is judged for itself, by the receipt that its push carried, and shows in the stats within seconds. What
    is told twice counts once, so whoever is not sure that it arrived tells it again.
    """
    taken = reporting().report(
        tenant_id=call.tenant_id,
        site_id=site_of(call),
        claims=[event.claim for event in call.body.events],
        now=call.at,
    )
    return EventsTaken.of(taken)


@sdk_api.endpoint("OPTIONS", _EVENTS, allow=BROWSER, status=204)
def preflight_events(_call: Call[Nothing]) -> Nothing:
    """Answer a preflight."""
    return Nothing()


@clicks_api.endpoint(
    "GET", "/c/{receipt}", allow=ANYONE, query=AnyQuery, status=302, media_type=HTML, also={404: Nothing}
)
def follow_click(call: Call[Nothing]) -> Answer:
    """Follow a notification to its page.

    To where the message says, and nowhere else: the address names a push, not a target. `1` or `2` behind the receipt
    is a button's.
    """
    try:
        target = clicking().follow(call.path["receipt"], now=call.at)
    except NotFound:
        page = rooted(lost_click_page(), path=settings().public_path)
        return Answer(page, status=404, headers={**HEADERS, **_UNCACHED})
    return Answer("", status=302, headers={"Location": quote(target, safe=_AS_IT_IS)})


@api.endpoint(
    "GET",
    "/v1/sites/{site_id}/campaigns/{campaign_id}/stats",
    allow=holder(Scope.CAMPAIGNS_READ),
    query=StatsQuery,
    returns=Stats,
)
def get_campaign_stats(call: Call[Nothing]) -> Stats:
    """Show who was reached, what became of the others, and what browsers tell since.

    accepted + gone + failed + skipped + expired + pending = audience, at every moment. *Accepted* means by the push
    service: nobody can promise more. The audience is an estimate until every batch has been read. What browsers tell is
    a few seconds old.
    """
    query = cast("StatsQuery", call.query)
    found = results().of_campaign(
        tenant_id=call.tenant_id,
        site_id=call.path["site_id"],
        campaign_id=call.path["campaign_id"],
        run_id=_run_id(query.run) if query.run else None,
    )
    return Stats.of(*found)


@notifications_api.endpoint(
    "GET",
    "/v1/sites/{site_id}/notifications/{notification_id}",
    allow=holder(Scope.NOTIFICATIONS_SEND),
    returns=NotificationView,
)
def get_notification(call: Call[Nothing]) -> NotificationView:
    """Show what became of a notification."""
    named = call.path["notification_id"]
    if not named.startswith("ntf_"):
        raise NotFound
    found = results().of_notification(tenant_id=call.tenant_id, site_id=call.path["site_id"], run_id=_run_id(named))
    return NotificationView.of(*found)


def _run_id(named: str) -> str:
    """`ntf_X` and `run_X` name the same thing."""
    return "run_" + named.removeprefix("ntf_").removeprefix("run_")
