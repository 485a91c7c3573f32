"""What becomes of a campaign once it is sent: cancel, test, runs. What came of them is `analytics`."""

from __future__ import annotations

from typing import Any, cast

from chalicelib.aws.secrets import secret
from chalicelib.config import settings
from chalicelib.core.errors import Stale
from chalicelib.core.identity import Scope
from chalicelib.core.limits import RouteClass
from chalicelib.core.paging import Cursors
from chalicelib.features.campaigns.model import Campaign, LiveCampaign, NotUnderWay, WrongState
from chalicelib.features.sending.schemas.http import (
    Cancelled,
    RunPage,
    RunView,
    TestPush,
    TestStarted,
    Turned,
)
from chalicelib.features.sending.wiring import sending
from chalicelib.web.allow import holder
from chalicelib.web.api import Api
from chalicelib.web.call import Call
from chalicelib.web.schema import ListQuery, Nothing

api = Api(__name__, tag="campaigns")

_ONE = "/v1/sites/{site_id}/campaigns/{campaign_id}"
_READ = holder(Scope.CAMPAIGNS_READ)
_SEND = holder(Scope.CAMPAIGNS_SEND)


@api.endpoint(
    "POST", f"{_ONE}/cancel", allow=_SEND, returns=Cancelled, audit="campaign.cancelled", replayable=True,
    errors=(LiveCampaign, WrongState, Stale),
)  # fmt: skip
def cancel_campaign(call: Call[Nothing]) -> Cancelled:
    """Cancel what is scheduled or being sent.

    What was pushed stays pushed; everybody else is counted as skipped.
    """
    cancelled = sending().cancel(_campaign_to_change(call), now=call.at)
    return Cancelled(id=cancelled.id, status=cancelled.status.value, run=cancelled.run_id)


@api.endpoint(
    "POST", f"{_ONE}/pause", allow=_SEND, returns=Turned, audit="campaign.paused", replayable=True,
    errors=(LiveCampaign, WrongState, NotUnderWay, Stale),
)  # fmt: skip
def pause_campaign(call: Call[Nothing]) -> Turned:
    """Hold a campaign that is being sent.

    Within half a minute nobody else is reached. It stays so until it is resumed, cancelled, or expires.
    """
    return _turned(sending().pause(_campaign_to_change(call)))


@api.endpoint(
    "POST", f"{_ONE}/resume", allow=_SEND, returns=Turned, audit="campaign.resumed", replayable=True,
    errors=(LiveCampaign, WrongState, NotUnderWay, Stale),
)  # fmt: skip
def resume_campaign(call: Call[Nothing]) -> Turned:
    """Let a paused campaign go on from where it was."""
    return _turned(sending().resume(_campaign_to_change(call)))


@api.endpoint(
    "POST", f"{_ONE}/test", allow=_SEND, body=TestPush, returns=TestStarted, status=202, audit="campaign.tested",
    replayable=True, counts_as=RouteClass.SEND,
)  # fmt: skip
def test_campaign(call: Call[TestPush]) -> TestStarted:
    """Send a campaign to a few browsers of your choice first.

    Free, and no step in the campaign's life: a draft stays a draft.
    """
    run = sending().test(
        _campaign(call),
        keys=call.body.keys,
        external_ids=call.body.external_ids,
        mode=call.principal.mode,
        now=call.at,
    )
    return TestStarted(run=run.id)


@api.endpoint("GET", f"{_ONE}/runs", allow=_READ, query=ListQuery, returns=RunPage)
def list_runs(call: Call[Nothing]) -> RunPage:
    """List the runs of a campaign, newest first: its launches and its tests."""
    query = cast("ListQuery", call.query)
    campaign = _campaign(call)
    cursors = Cursors(secret=secret(settings().secret_pepper).encode(), scope=f"{call.tenant_id}/{campaign.id}/runs")
    page = sending().runs(campaign, limit=query.limit, position=cursors.open(query.cursor))
    return RunPage(
        data=[RunView.of(run) for run in page.rows],
        next_cursor=cursors.seal(page.position),
        has_more=page.position is not None,
    )


def _turned(campaign: Campaign) -> Turned:
    return Turned(id=campaign.id, status=campaign.status.value, run=campaign.run_id)


def _campaign_to_change(call: Call[Any]) -> Campaign:
    return sending().campaign_to_change(
        tenant_id=call.tenant_id,
        site_id=call.path["site_id"],
        campaign_id=call.path["campaign_id"],
        mode=call.principal.mode,
    )


def _campaign(call: Call[Any]) -> Campaign:
    return sending().campaign(
        tenant_id=call.tenant_id, site_id=call.path["site_id"], campaign_id=call.path["campaign_id"]
    )
