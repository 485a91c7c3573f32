"""Campaigns on DynamoDB, with the sites they belong to and the installation's calendar."""

from __future__ import annotations

from functools import cache

from chalicelib.aws.queues import Queue
from chalicelib.features.campaigns.service import Campaigns
from chalicelib.features.due.model import QUEUES, Entry


class _Queues:
    def plan(self, entry: Entry) -> None:
        Queue(QUEUES[entry.kind]).send(entry.message(), group=entry.tenant_id)


@cache
def campaigns() -> Campaigns:
    from chalicelib.features.campaigns.store import CampaignRows, CampaignsOnSites
    from chalicelib.features.due.wiring import due, entry_removing
    from chalicelib.features.sites.wiring import place_of_site, sites

    return Campaigns(
        rows=CampaignRows(entry_removing=entry_removing()),
        on_sites=CampaignsOnSites(place_of_site=place_of_site()),
        sites=sites(),
        calendar=due(),
        wakes=_Queues(),
    )
