"""Campaigns without AWS: the store's contract kept in dictionaries, a calendar that remembers, and a service on them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from chalicelib.channels.message import Message
from chalicelib.core import ids
from chalicelib.core.errors import Conflict, NotFound, Stale, Unavailable
from chalicelib.core.identity import Mode
from chalicelib.core.paging import Page
from chalicelib.features.campaigns.model import EVERYONE, Campaign, Status
from chalicelib.features.campaigns.service import Campaigns, Draft
from chalicelib.features.due.model import Entry, Move
from tests.chaos.stores import Entries
from tests.unit.due.calendar import Calendar

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TENANT, SITE = "ten_ada", "site_01arz3ndektsv4rrffq69g5fav"
MESSAGE = Message(title="Hello", url="https://shop.example/", body="World")


@dataclass
class MemoryCampaigns:
    rows: dict[tuple[str, str], Campaign] = field(default_factory=dict)
    links: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    entries: Entries = field(default_factory=Entries)  # the calendar's

    def add(self, tenant_id: str, campaign: Campaign, *, move: Move | None = None) -> None:
        if (tenant_id, campaign.id) in self.rows:
            raise Conflict
        self.rows[tenant_id, campaign.id] = campaign
        if move is not None:
            self.entries.move(move)

    def get(self, tenant_id: str, campaign_id: str) -> Campaign | None:
        return self.rows.get((tenant_id, campaign_id))

    def save(
        self, tenant_id: str, campaign: Campaign, *, link: str | None = None, move: Move | None = None
    ) -> Campaign:
        self._must_stand(tenant_id, campaign)
        saved = replace(campaign, rev=campaign.rev + 1)
        self.rows[tenant_id, campaign.id] = saved
        if link is not None:
            self.link(tenant_id, campaign.id, link, at=campaign.updated_at or campaign.created_at)
        if move is not None:
            self.entries.move(move)
        return saved

    def link(self, tenant_id: str, campaign_id: str, run_id: str, *, at: datetime) -> None:
        assert at.tzinfo is UTC
        self.links.setdefault((tenant_id, campaign_id), set()).add(run_id)

    def runs(self, tenant_id: str, campaign_id: str, *, limit: int, position: str | None) -> Page[str]:
        return _page(sorted(self.links.get((tenant_id, campaign_id), ()), reverse=True), limit, position)

    def remove(self, tenant_id: str, campaign: Campaign) -> None:
        self._must_stand(tenant_id, campaign)
        del self.rows[tenant_id, campaign.id]

    def of_site(self, tenant_id: str, site_id: str, *, limit: int, position: str | None) -> Page[Campaign]:
        mine = {row.id: row for place, row in self.rows.items() if place[0] == tenant_id and row.site_id == site_id}
        page = _page(sorted(mine, reverse=True), limit, position)
        return Page([mine[campaign_id] for campaign_id in page.rows], page.position)

    def _must_stand(self, tenant_id: str, campaign: Campaign) -> None:
        standing = self.rows.get((tenant_id, campaign.id))
        if standing is None or standing.rev != campaign.rev:
            raise Stale


def _page(newest_first: list[str], limit: int, position: str | None) -> Page[str]:
    left = [each for each in newest_first if position is None or each < position]
    return Page(left[:limit], left[limit - 1] if len(left) > limit else None)


@dataclass
class Wakes:
    woken: list[Entry] = field(default_factory=list)
    is_down: bool = False

    def plan(self, entry: Entry) -> None:
        if self.is_down:
            raise Unavailable
        self.woken.append(entry)


@dataclass
class KnownSites:
    known: set[tuple[str, str]] = field(default_factory=lambda: {(TENANT, SITE)})

    def get(self, *, tenant_id: str, site_id: str) -> object:
        if (tenant_id, site_id) not in self.known:
            raise NotFound
        return object()


@dataclass
class MemoryCampaignsOnSites:
    rows: MemoryCampaigns
    sites: KnownSites

    def get(self, tenant_id: str, site_id: str, campaign_id: str) -> Campaign | None:
        return self.rows.get(tenant_id, campaign_id) if (tenant_id, site_id) in self.sites.known else None


@dataclass
class House:
    """The service, and all it stands on."""

    rows: MemoryCampaigns = field(init=False)
    sites: KnownSites = field(default_factory=KnownSites)
    calendar: Calendar = field(default_factory=Calendar)
    wakes: Wakes = field(default_factory=Wakes)

    def __post_init__(self) -> None:
        self.rows = MemoryCampaigns(entries=self.calendar.entries)

    @property
    def campaigns(self) -> Campaigns:
        return Campaigns(
            rows=self.rows,
            on_sites=MemoryCampaignsOnSites(self.rows, self.sites),
            sites=self.sites,
            calendar=self.calendar.due,
            wakes=self.wakes,
            clicks="https://push.example.com/c/",
        )

    def replaced(self, campaign: Campaign) -> Campaign:
        """As its run's store does it."""
        return self.rows.save(campaign.tenant_id, campaign)

    @property
    def entries(self) -> list[Entry]:
        return list(self.calendar.entries.rows)

    def create(self, *, now: datetime = NOON, mode: Mode = Mode.LIVE, **draft: Any) -> Campaign:
        wanted = Draft(**{"name": "Spring", "message": MESSAGE, **draft})
        return self.campaigns.create(tenant_id=TENANT, site_id=SITE, draft=wanted, mode=mode, now=now)

    def standing(self, campaign: Campaign) -> Campaign:
        return self.rows.rows[campaign.tenant_id, campaign.id]

    def in_state(self, status: Status, **changes: Any) -> Campaign:
        """Put there, however one gets there."""
        campaign = a_campaign(status=status, **changes)
        self.rows.add(campaign.tenant_id, campaign)
        return campaign


def a_campaign(**changes: Any) -> Campaign:
    plain = Campaign(
        id=ids.new("cmp"),
        tenant_id=TENANT,
        site_id=SITE,
        name="Spring",
        message=MESSAGE,
        audience=EVERYONE,
        created_at=NOON,
    )
    return replace(plain, **changes)
