"""Campaigns over HTTP: write, schedule, send. What concerns their runs (cancel, test, stats) is in `sending`."""

from __future__ import annotations

from typing import Any, cast

from chalicelib.aws.secrets import secret
from chalicelib.channels.message import message_of
from chalicelib.config import settings
from chalicelib.core.errors import Stale
from chalicelib.core.identity import Scope
from chalicelib.core.limits import RouteClass
from chalicelib.core.paging import Cursors
from chalicelib.features.campaigns.model import Campaign, Expired, LiveCampaign, WrongState
from chalicelib.features.campaigns.schemas import (
    CampaignList,
    CampaignView,
    ChangeCampaign,
    CreateCampaign,
    RunStarted,
    ScheduleCampaign,
)
from chalicelib.features.campaigns.service import Draft
from chalicelib.features.campaigns.wiring import campaigns
from chalicelib.web.allow import holder
from chalicelib.web.api import Api
from chalicelib.web.call import Call
from chalicelib.web.schema import ListQuery, Nothing

api = Api(__name__, tag="campaigns", about="What to say, to whom and when; and what became of it.")

_ALL = "/v1/sites/{site_id}/campaigns"
_ONE = "/v1/sites/{site_id}/campaigns/{campaign_id}"
_READ = holder(Scope.CAMPAIGNS_READ)
_WRITE = holder(Scope.CAMPAIGNS_WRITE)
_SEND = holder(Scope.CAMPAIGNS_SEND)
_REFUSALS = (LiveCampaign, WrongState, Stale)  # of whatever changes a campaign


@api.endpoint("GET", _ALL, allow=_READ, query=ListQuery, returns=CampaignList)
def list_campaigns(call: Call[Nothing]) -> CampaignList:
    """List the campaigns of a site, newest first."""
    query = cast("ListQuery", call.query)
    site_id = call.path["site_id"]
    cursors = Cursors(secret=secret(settings().secret_pepper).encode(), scope=f"{call.tenant_id}/{site_id}/campaigns")
    page = campaigns().of_site(
        tenant_id=call.tenant_id, site_id=site_id, limit=query.limit, position=cursors.open(query.cursor)
    )
    return CampaignList(
        data=[CampaignView.of(campaign) for campaign in page.rows],
        next_cursor=cursors.seal(page.position),
        has_more=page.position is not None,
    )


@api.endpoint(
    "POST", _ALL, allow=_WRITE, body=CreateCampaign, returns=CampaignView, status=201, audit="campaign.created",
    replayable=True,
)  # fmt: skip
def create_campaign(call: Call[CreateCampaign]) -> CampaignView:
    """Write a campaign.

    It stays a draft until it is sent; with a `schedule` it is sent at that minute. A message too large for a push is
    refused here, not when it is too late.
    """
    body = call.body
    draft = Draft(
        name=body.name,
        message=message_of(body.message.fields),
        audience=body.audience.audience(),
        careful=body.careful,
        throttle_per_minute=body.throttle_per_minute,
        expires_at=body.expires_at,
        send_at=body.schedule.send_at if body.schedule else None,
    )
    if draft.send_at is not None:
        _SEND.check(call.principal)
    created = campaigns().create(
        tenant_id=call.tenant_id,
        site_id=call.path["site_id"],
        draft=draft,
        mode=call.principal.mode,
        now=call.at,
    )
    return CampaignView.of(created)


@api.endpoint("GET", _ONE, allow=_READ, returns=CampaignView)
def get_campaign(call: Call[Nothing]) -> CampaignView:
    """Show a campaign."""
    return CampaignView.of(_campaign(call))


@api.endpoint(
    "PATCH", _ONE, allow=_WRITE, body=ChangeCampaign, returns=CampaignView, audit="campaign.changed", errors=_REFUSALS
)
def change_campaign(call: Call[ChangeCampaign]) -> CampaignView:
    """Change a draft, or what is scheduled.

    Left out means unchanged.
    """
    body, campaign = call.body, _campaign_to_change(call)
    if campaign.is_committed:
        _SEND.check(call.principal)  # to change what will go out is to send it
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    if body.message is not None:
        changes["message"] = message_of(body.message.fields)
    if body.audience is not None:
        changes["audience"] = body.audience.audience()
    return CampaignView.of(campaigns().change(campaign, changes=changes, now=call.at))


@api.endpoint("DELETE", _ONE, allow=_WRITE, status=204, audit="campaign.removed", errors=_REFUSALS)
def remove_campaign(call: Call[Nothing]) -> None:
    """Delete a campaign that is neither scheduled nor being sent."""
    campaigns().remove(_campaign_to_change(call))


@api.endpoint(
    "POST", f"{_ONE}/schedule", allow=_SEND, body=ScheduleCampaign, returns=CampaignView, audit="campaign.scheduled",
    replayable=True, errors=_REFUSALS, counts_as=RouteClass.SEND,
)  # fmt: skip
def schedule_campaign(call: Call[ScheduleCampaign]) -> CampaignView:
    """Have a campaign sent at a minute to come, or at another than planned."""
    at = call.body.schedule.send_at
    return CampaignView.of(
        campaigns().schedule(_campaign_to_change(call), at=at, mode=call.principal.mode, now=call.at)
    )


@api.endpoint(
    "POST", f"{_ONE}/unschedule", allow=_SEND, returns=CampaignView, audit="campaign.unscheduled", replayable=True,
    errors=_REFUSALS,
)  # fmt: skip
def unschedule_campaign(call: Call[Nothing]) -> CampaignView:
    """Make a scheduled campaign a draft again."""
    return CampaignView.of(campaigns().unschedule(_campaign_to_change(call), now=call.at))


@api.endpoint(
    "POST", f"{_ONE}/send", allow=_SEND, returns=RunStarted, status=202, audit="campaign.sent", replayable=True,
    errors=(*_REFUSALS, Expired), counts_as=RouteClass.SEND,
)  # fmt: skip
def send_campaign(call: Call[Nothing]) -> RunStarted:
    """Send a campaign now.

    Answers with the run at once; the pushes follow within seconds. `stats` shows how far it is.
    """
    sent = campaigns().send(_campaign_to_change(call), mode=call.principal.mode, now=call.at)
    return RunStarted(run=sent.run_id or "")


def _campaign_to_change(call: Call[Any]) -> Campaign:
    return campaigns().get_to_change(
        tenant_id=call.tenant_id,
        site_id=call.path["site_id"],
        campaign_id=call.path["campaign_id"],
        mode=call.principal.mode,
    )


def _campaign(call: Call[Any]) -> Campaign:
    return campaigns().get(tenant_id=call.tenant_id, site_id=call.path["site_id"], campaign_id=call.path["campaign_id"])
