"""What owners do with runs: cancel, try on a few browsers first, watch. Drives the engine's coroutines to their end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.core import drive, ids
from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import Invalid
from chalicelib.core.identity import Mode
from chalicelib.core.paging import Page
from chalicelib.features.campaigns.model import UNDER_WAY, Campaign
from chalicelib.features.campaigns.service import Campaigns
from chalicelib.features.sending.model.run import Chosen, Order, Run, Source
from chalicelib.features.sending.model.totals import Totals, totals_of
from chalicelib.features.sending.service.plan import launch
from chalicelib.features.sending.service.ports import Ports
from chalicelib.features.sending.service.steer import cancel, pause, resume

_TEST_EXPIRES_AFTER = timedelta(hours=1)
MOST_CHOSEN = 100


class People(Protocol):
    def keys_of(self, *, tenant_id: str, site_id: str, external_id: str) -> Sequence[bytes]:
        """The keys of a person's browsers."""
        ...


class RunList(Protocol):
    async def get_many(self, tenant_id: str, run_ids: Sequence[str]) -> list[Run]:
        """Those that exist, in no order."""
        ...


class Sending:
    def __init__(self, *, ports: Ports, campaigns: Campaigns, people: People, run_list: RunList) -> None:
        self._ports = ports
        self._campaigns = campaigns
        self._people = people
        self._run_list = run_list

    def campaign(self, *, tenant_id: str, site_id: str, campaign_id: str) -> Campaign:
        """Raises NotFound for one that is not this site's."""
        return self._campaigns.get(tenant_id=tenant_id, site_id=site_id, campaign_id=campaign_id)

    def campaign_to_change(self, *, tenant_id: str, site_id: str, campaign_id: str, mode: Mode) -> Campaign:
        return self._campaigns.get_to_change(tenant_id=tenant_id, site_id=site_id, campaign_id=campaign_id, mode=mode)

    def cancel(self, campaign: Campaign, *, now: datetime) -> Campaign:
        """With its run, if that may be there."""
        if campaign.status in UNDER_WAY:
            return drive.run(cancel(self._ports, campaign))
        return self._campaigns.cancel(campaign, now=now)

    def pause(self, campaign: Campaign) -> Campaign:
        return drive.run(pause(self._ports, campaign))

    def resume(self, campaign: Campaign) -> Campaign:
        return drive.run(resume(self._ports, campaign))

    def test(
        self, campaign: Campaign, *, keys: Sequence[bytes], external_ids: Sequence[str], mode: Mode, now: datetime
    ) -> Run:
        """To a few browsers of the owner's choice; free, and no step in the campaign's life."""
        chosen = {key: Chosen(key) for key in keys}
        persons = self._ports.persons(campaign.tenant_id)
        for external_id in external_ids:
            for key in self._people.keys_of(
                tenant_id=campaign.tenant_id, site_id=campaign.site_id, external_id=external_id
            ):
                chosen[key] = persons.chosen(key, external_id)
        if not chosen:
            raise Invalid("None of these has a subscription.", pointer="/external_ids")
        if len(chosen) > MOST_CHOSEN:
            raise Invalid(f"These are more than {MOST_CHOSEN} browsers: {len(chosen)}.", pointer="/external_ids")
        run = Run(
            id=ids.new("run"),
            tenant_id=campaign.tenant_id,
            site_id=campaign.site_id,
            campaign_id=campaign.id,
            source=Source.TEST,
            mode=mode,
            order=Order(
                message=campaign.message,
                cutoff=in_milliseconds(now),
                chosen=tuple(sorted(chosen.values(), key=lambda one: one.key)),
            ),
            created_at=now,
            expires_at=now + _TEST_EXPIRES_AFTER,
        )
        self._campaigns.link(campaign, run_id=run.id, now=now)
        return drive.run(launch(self._ports, run))

    def runs(self, campaign: Campaign, *, limit: int, position: str | None) -> Page[Run]:
        page = self._campaigns.runs(campaign, limit=limit, position=position)
        found = {run.id: run for run in drive.run(self._run_list.get_many(campaign.tenant_id, page.rows))}
        return Page([found[run_id] for run_id in page.rows if run_id in found], page.position)

    def totals(self, run: Run | None) -> Totals:
        """As they stand now; before there is a run, nobody's."""
        if run is None:
            return Totals({}, waiting=0, unread=1, estimated=None)
        batches = [] if run.is_over else drive.run(self._ports.batches.of_run(run.tenant_id, run))
        return totals_of(run, batches)
