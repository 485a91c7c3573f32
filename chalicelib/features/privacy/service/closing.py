"""Closing a site: out of sight at once, its campaigns cancelled, and everything of it removed by a job."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.core.errors import NotFound, PushError, Stale, Unavailable
from chalicelib.core.paging import Page
from chalicelib.features.campaigns.model import Campaign, WrongState
from chalicelib.features.privacy.model import Job, Kind, Portion
from chalicelib.features.privacy.service.jobs import Jobs

_CAMPAIGNS_A_PORTION = 25
_CLOSES_WITHIN = timedelta(minutes=2)  # of the request that asks for it


class Sites(Protocol):
    def get(self, *, tenant_id: str, site_id: str) -> object:
        """Raises NotFound for one that is closed, or not this tenant's."""
        ...

    def close(self, *, tenant_id: str, site_id: str, now: datetime) -> object:
        """From now on it is unknown."""
        ...


class Campaigns(Protocol):
    def whoever_s_site(self, *, tenant_id: str, site_id: str, limit: int, position: str | None) -> Page[Campaign]:
        """Of a site that may be closed."""
        ...


class Sending(Protocol):
    def cancel(self, campaign: Campaign, *, now: datetime) -> object:
        """And its run."""
        ...


class SiteClosing:
    def __init__(self, *, sites: Sites, campaigns: Campaigns, sending: Sending, jobs: Callable[[], Jobs]) -> None:
        self._sites = sites
        self._campaigns = campaigns
        self._sending = sending
        self._jobs = jobs

    def close(self, *, tenant_id: str, site_id: str, asked_by: str, now: datetime) -> Job:
        """The job is written down first: a site that is closed without one would be kept for ever."""
        self._sites.get(tenant_id=tenant_id, site_id=site_id)
        jobs = self._jobs()
        about = {"site_id": site_id}
        job = jobs.begin(Kind.SITE, tenant_id=tenant_id, asked_by=asked_by, about=about, now=now, at=now)
        try:
            self._sites.close(tenant_id=tenant_id, site_id=site_id, now=now)
        except PushError as error:
            if not error.retryable:  # else it may be closed, and nobody has heard
                with suppress(Unavailable):  # then the job finds the site open
                    jobs.give_up(job)
            raise
        jobs.wake(job)
        return job

    def stop(self, job: Job, now: datetime) -> Portion:
        """Nothing more is sent to the site's browsers. One that never came to be closed is left alone."""
        with suppress(NotFound):
            self._sites.get(tenant_id=job.tenant_id, site_id=job.about["site_id"])
            if now - job.created_at <= _CLOSES_WITHIN:
                raise Unavailable  # whoever closes it is about to: the message comes again
            self._jobs().give_up(job)
            return Portion()
        page = self._campaigns.whoever_s_site(
            tenant_id=job.tenant_id,
            site_id=job.about["site_id"],
            limit=_CAMPAIGNS_A_PORTION,
            position=job.position or None,
        )
        for campaign in page.rows:
            if campaign.is_committed:
                self._cancel(campaign, now)
        return Portion(position=page.position)

    def _cancel(self, campaign: Campaign, now: datetime) -> None:
        try:
            with suppress(WrongState):  # it came to its end by itself
                self._sending.cancel(campaign, now=now)
        except Stale:
            raise Unavailable from None  # its planner is at it: the message comes again
