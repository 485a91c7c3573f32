"""Campaigns on DynamoDB, with the sites they belong to and the installation's calendar."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from chalicelib.aws.queues import Queue
from chalicelib.features.campaigns.model import Campaign
from chalicelib.features.campaigns.service import Campaigns
from chalicelib.features.due.model import QUEUES, Entry

if TYPE_CHECKING:
    from chalicelib.aws.dynamo import Put


class _Queues:
    def plan(self, entry: Entry) -> None:
        Queue(QUEUES[entry.kind]).send(entry.message(), group=entry.tenant_id)


@cache
def campaigns() -> Campaigns:
    from chalicelib.config import settings
    from chalicelib.features.campaigns.store import CampaignRows, CampaignsOnSites
    from chalicelib.features.due.wiring import due, entry_moving
    from chalicelib.features.sites.wiring import place_of_site, sites

    return Campaigns(
        rows=CampaignRows(moving=entry_moving()),
        on_sites=CampaignsOnSites(place_of_site=place_of_site()),
        sites=sites(),
        calendar=due(),
        wakes=_Queues(),
        clicks=settings().clicks_url,
    )


def campaign_replacing() -> Callable[[Campaign], Put]:
    """For the wiring of runs, which a campaign is paused and cancelled together with."""
    from chalicelib.features.campaigns.store import replacing

    return replacing
