"""What became of a run, on both sides: whom push services took it for, and what browsers tell since."""

from __future__ import annotations

from typing import Protocol

from chalicelib.core import ids
from chalicelib.core.errors import NotFound
from chalicelib.features.analytics.model import Figures
from chalicelib.features.campaigns.model import Campaign
from chalicelib.features.sending.model.run import Run, Source
from chalicelib.features.sending.model.totals import Totals


class Runs(Protocol):
    def run_with_figures(self, tenant_id: str, run_id: str) -> tuple[Run, Figures] | None:
        """In one look-up."""
        ...


class Sending(Protocol):
    def campaign(self, *, tenant_id: str, site_id: str, campaign_id: str) -> Campaign:
        """Raises NotFound for one that is not this site's."""
        ...

    def totals(self, run: Run | None) -> Totals:
        """As they stand now."""
        ...


class Sites(Protocol):
    def get(self, *, tenant_id: str, site_id: str) -> object:
        """Raises NotFound for a site that is not this tenant's."""
        ...


Outcome = tuple[Run | None, Totals, Figures]


class Results:
    def __init__(self, *, runs: Runs, sending: Sending, sites: Sites) -> None:
        self._runs = runs
        self._sending = sending
        self._sites = sites

    def of_campaign(self, *, tenant_id: str, site_id: str, campaign_id: str, run_id: str | None) -> Outcome:
        """Of one run of this campaign; without an id, of the one it became."""
        campaign = self._sending.campaign(tenant_id=tenant_id, site_id=site_id, campaign_id=campaign_id)
        wanted = run_id or campaign.run_id
        found = self._runs.run_with_figures(tenant_id, wanted) if wanted else None
        if found is None or found[0].campaign_id != campaign.id:
            if run_id is not None:
                raise NotFound
            return None, self._sending.totals(None), Figures()
        run, figures = found
        return run, self._sending.totals(run), figures

    def of_notification(self, *, tenant_id: str, site_id: str, run_id: str) -> tuple[Run, Totals, Figures]:
        self._sites.get(tenant_id=tenant_id, site_id=site_id)
        found = self._runs.run_with_figures(tenant_id, run_id) if ids.is_id(run_id, "run") else None
        if found is None or found[0].site_id != site_id or found[0].source is not Source.NOTIFICATION:
            raise NotFound
        run, figures = found
        return run, self._sending.totals(run), figures
