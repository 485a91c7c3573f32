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
    from chalicelib.features.campaigns.store import CampaignRows
    from chalicelib.features.due.wiring import due
    from chalicelib.features.sites.wiring import sites

    return Campaigns(rows=CampaignRows(), sites=sites(), calendar=due(), wakes=_Queues())
