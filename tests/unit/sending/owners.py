"""Campaigns as the engine knows them: one, which does as a test says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from chalicelib.core.errors import Stale
from chalicelib.features.campaigns.model import Campaign, Launch, Status
from chalicelib.features.due.model import Entry
from chalicelib.features.sending.model.run import Run


@dataclass
class Owners:
    campaign: Campaign | None = None
    is_stale: bool = False
    is_restless: bool = False  # written by somebody else just before every write
    meanwhile: Callable[[], object] = lambda: None  # once it is released
    done: list[Entry] = field(default_factory=list)
    finished: list[Run] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)

    async def release(self, _entry: Entry, *, now: datetime) -> Launch | None:
        self.times.append(now)
        launch = Launch(self.campaign, self.campaign.run_id or "") if self.campaign else None
        self.meanwhile()
        return launch

    async def launched(self, entry: Entry) -> None:
        self.done.append(entry)

    async def get(self, _tenant_id: str, _campaign_id: str) -> Campaign | None:
        return self.campaign

    async def cancel(self, campaign: Campaign, *, now: datetime) -> Campaign:
        self.times.append(now)
        return self.replaced(replace(campaign.to(Status.CANCELLED), look_at=now))

    def replaced(self, campaign: Campaign) -> Campaign:
        """IF it stands as it was read."""
        if self.campaign is None or self.campaign.rev != campaign.rev or self.is_restless:
            raise Stale
        self.campaign = replace(campaign, rev=campaign.rev + 1)
        return self.campaign

    async def finish(self, run: Run, *, now: datetime) -> None:
        self.times.append(now)
        if self.is_stale:
            raise Stale
        self.finished.append(run)
