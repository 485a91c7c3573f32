"""What owners do with campaigns, and how one is released into a run. A campaign and its entry in the calendar are
written in one step, so that neither is ever without the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from chalicelib.channels.message import Message
from chalicelib.channels.webpush.payload import DoesNotFit, envelope
from chalicelib.core import ids
from chalicelib.core.errors import Invalid, NotFound, Unavailable
from chalicelib.core.identity import Mode
from chalicelib.core.paging import Page
from chalicelib.features.campaigns.model import (
    CLOCKS_DIFFER_BY,
    EVERYONE,
    FURTHEST_AHEAD,
    UNDER_WAY,
    Audience,
    Campaign,
    Expired,
    Launch,
    Status,
)
from chalicelib.features.due.model import Entry, Kind, Move, no_earlier


class Rows(Protocol):
    def add(self, tenant_id: str, campaign: Campaign, *, move: Move | None = None) -> None:
        """Write a new one, together with its entry in the calendar."""
        ...

    def get(self, tenant_id: str, campaign_id: str) -> Campaign | None:
        """By a consistent read."""
        ...

    def save(
        self, tenant_id: str, campaign: Campaign, *, link: str | None = None, move: Move | None = None
    ) -> Campaign:
        """Replace it IF its `rev` is unchanged, together with the link to a run of its own, and with its entry in the
        calendar. Raises Stale.
        """
        ...

    def link(self, tenant_id: str, campaign_id: str, run_id: str, *, at: datetime) -> None:
        """Remember one more run of it, for as long as runs are kept."""
        ...

    def runs(self, tenant_id: str, campaign_id: str, *, limit: int, position: str | None) -> Page[str]:
        """Its runs, newest first."""
        ...

    def remove(self, tenant_id: str, campaign: Campaign) -> None:
        """Delete it IF its `rev` is unchanged."""
        ...

    def of_site(self, tenant_id: str, site_id: str, *, limit: int, position: str | None) -> Page[Campaign]:
        """Newest first."""
        ...


class OnSites(Protocol):
    def get(self, tenant_id: str, site_id: str, campaign_id: str) -> Campaign | None:
        """While this site stands, which is asked in the same look-up: a closed one takes its campaigns out of sight."""
        ...


class Sites(Protocol):
    def get(self, *, tenant_id: str, site_id: str) -> object:
        """Raises NotFound for a site that is not this tenant's."""
        ...


class Calendar(Protocol):
    def settle(self, entry: Entry, *, look_at: datetime | None, now: datetime) -> bool:
        """Whether the entry speaks for its owner."""
        ...

    def done(self, entry: Entry) -> None:
        """Removes the entry wherever it stands."""
        ...


class Wakes(Protocol):
    def plan(self, entry: Entry) -> None:
        """Do not wait for the tick."""
        ...


@dataclass(frozen=True)
class Draft:
    """What an owner writes; `changes` of a PATCH name the same fields."""

    name: str
    message: Message
    audience: Audience = EVERYONE
    careful: bool = False
    throttle_per_minute: int | None = None
    expires_at: datetime | None = None
    send_at: datetime | None = None


class Campaigns:
    def __init__(
        self, *, rows: Rows, on_sites: OnSites, sites: Sites, calendar: Calendar, wakes: Wakes, clicks: str
    ) -> None:
        self._rows = rows
        self._on_sites = on_sites
        self._sites = sites
        self._calendar = calendar
        self._wakes = wakes
        self._clicks = clicks

    def create(self, *, tenant_id: str, site_id: str, draft: Draft, mode: Mode, now: datetime) -> Campaign:
        self._sites.get(tenant_id=tenant_id, site_id=site_id)
        must_fit(draft.message, clicks=self._clicks)
        _must_lie_ahead(draft.expires_at, "/expires_at", now)
        campaign = Campaign(
            id=ids.new("cmp"),
            tenant_id=tenant_id,
            site_id=site_id,
            name=draft.name,
            message=draft.message,
            audience=draft.audience,
            careful=draft.careful,
            throttle_per_minute=draft.throttle_per_minute,
            expires_at=draft.expires_at,
            mode=mode,
            created_at=now,
        )
        if draft.send_at is not None:
            campaign = self._scheduled(campaign, at=draft.send_at, mode=mode, now=now)
        self._rows.add(tenant_id, campaign, move=_move(None, campaign))
        return campaign

    def get(self, *, tenant_id: str, site_id: str, campaign_id: str) -> Campaign:
        are_ids = ids.is_id(site_id, "site") and ids.is_id(campaign_id, "cmp")
        campaign = self._on_sites.get(tenant_id, site_id, campaign_id) if are_ids else None
        if campaign is None or campaign.site_id != site_id:
            raise NotFound
        return campaign

    def get_to_change(self, *, tenant_id: str, site_id: str, campaign_id: str, mode: Mode) -> Campaign:
        """The same, for credentials of this mode that mean to change it."""
        campaign = self.get(tenant_id=tenant_id, site_id=site_id, campaign_id=campaign_id)
        campaign.must_be_open_to(mode)
        return campaign

    def of_site(self, *, tenant_id: str, site_id: str, limit: int, position: str | None) -> Page[Campaign]:
        self._sites.get(tenant_id=tenant_id, site_id=site_id)
        return self._rows.of_site(tenant_id, site_id, limit=limit, position=position)

    def whoever_s_site(self, *, tenant_id: str, site_id: str, limit: int, position: str | None) -> Page[Campaign]:
        """Of a site that may be closed: for whoever winds it up."""
        return self._rows.of_site(tenant_id, site_id, limit=limit, position=position)

    def runs(self, campaign: Campaign, *, limit: int, position: str | None) -> Page[str]:
        return self._rows.runs(campaign.tenant_id, campaign.id, limit=limit, position=position)

    def change(self, campaign: Campaign, *, changes: Mapping[str, Any], now: datetime) -> Campaign:
        campaign.must_be_editable()
        changed = replace(campaign, **changes, updated_at=now)
        must_fit(changed.message, clicks=self._clicks)
        if "expires_at" in changes:
            _must_lie_ahead(changed.expires_at, "/expires_at", now)
            _must_outlast(changed, changed.send_at, "/expires_at")
        return self._rows.save(campaign.tenant_id, changed)

    def remove(self, campaign: Campaign) -> None:
        campaign.must_be_removable()
        self._rows.remove(campaign.tenant_id, campaign)

    def schedule(self, campaign: Campaign, *, at: datetime, mode: Mode, now: datetime) -> Campaign:
        return self._moved(campaign, self._scheduled(campaign, at=at, mode=mode, now=now))

    def unschedule(self, campaign: Campaign, *, now: datetime) -> Campaign:
        draft = replace(campaign.to(Status.DRAFT), send_at=None, run_id=None, look_at=None, updated_at=now)
        return self._moved(campaign, draft)

    def send(self, campaign: Campaign, *, mode: Mode, now: datetime) -> Campaign:
        """In one step to `sending`: whoever asks a second time hears that it is, and of no other run."""
        sending = campaign.to(Status.SENDING)
        if campaign.expires_at is not None and campaign.expires_at <= now:
            raise Expired
        timed = self._timed(replace(sending, send_at=None), at=now, mode=mode, now=now)
        saved = self._moved(campaign, timed, link=timed.run_id)
        self._plan_now(saved)
        return saved

    def cancel(self, campaign: Campaign, *, now: datetime) -> Campaign:
        """A running one keeps an entry in the calendar until `launched` says that its run has heard."""
        cancelled = replace(campaign.to(Status.CANCELLED), updated_at=now)
        if campaign.status is Status.SCHEDULED:
            return self._moved(campaign, replace(cancelled, look_at=None, run_id=None))
        saved = self._moved(campaign, replace(cancelled, look_at=no_earlier(now, than=now)))
        self._plan_now(saved)
        return saved

    def release(self, entry: Entry, *, now: datetime) -> Launch | None:
        """The campaign whose time has come; the same launch again if an earlier one was cut short."""
        campaign = self._rows.get(entry.tenant_id, entry.id)
        speaks = self._calendar.settle(entry, look_at=campaign.look_at if campaign else None, now=now)
        if campaign is None or campaign.run_id is None or not speaks or entry.at > now + CLOCKS_DIFFER_BY:
            return None
        if campaign.status is Status.SCHEDULED:
            released = replace(campaign.to(Status.SENDING), updated_at=now)
            campaign = self._rows.save(campaign.tenant_id, released, link=campaign.run_id)
        return Launch(campaign, campaign.run_id or "")

    def launched(self, entry: Entry) -> None:
        """Its run stands on its own feet now."""
        campaign = self._rows.get(entry.tenant_id, entry.id)
        if campaign is not None and campaign.look_at == entry.at:
            self._rows.save(campaign.tenant_id, replace(campaign, look_at=None))
        self._calendar.done(entry)

    def standing(self, *, tenant_id: str, campaign_id: str) -> Campaign | None:
        """As last written, on whatever site."""
        return self._rows.get(tenant_id, campaign_id)

    def link(self, campaign: Campaign, *, run_id: str, now: datetime) -> None:
        self._rows.link(campaign.tenant_id, campaign.id, run_id, at=now)

    def finish(self, *, tenant_id: str, campaign_id: str, run_id: str, status: Status, now: datetime) -> None:
        """Its run is over. A test run, or one that is no longer the campaign's, changes nothing."""
        campaign = self._rows.get(tenant_id, campaign_id)
        if campaign is not None and campaign.run_id == run_id and campaign.status in UNDER_WAY:
            self._rows.save(tenant_id, replace(campaign.to(status), updated_at=now))

    def _scheduled(self, campaign: Campaign, *, at: datetime, mode: Mode, now: datetime) -> Campaign:
        scheduled = campaign.to(Status.SCHEDULED)
        if at < now - CLOCKS_DIFFER_BY:
            raise Invalid("This instant has passed.", pointer="/schedule/send_at")
        if at > now + FURTHEST_AHEAD:
            raise Invalid("This is more than a year ahead.", pointer="/schedule/send_at")
        _must_outlast(campaign, at, "/schedule/send_at")
        return self._timed(replace(scheduled, send_at=at), at=at, mode=mode, now=now)

    def _timed(self, campaign: Campaign, *, at: datetime, mode: Mode, now: datetime) -> Campaign:
        look_at = no_earlier(at, than=now)
        return replace(campaign, look_at=look_at, run_id=ids.new("run"), mode=mode, updated_at=now)

    def _moved(self, before: Campaign, after: Campaign, *, link: str | None = None) -> Campaign:
        return self._rows.save(before.tenant_id, after, link=link, move=_move(before.look_at, after))

    def _plan_now(self, campaign: Campaign) -> None:
        assert campaign.look_at is not None, "what is to be planned has its instant"
        with suppress(Unavailable):  # then the tick brings it, a minute later
            self._wakes.plan(Entry.at_its_minute(Kind.CAMPAIGN, campaign.tenant_id, campaign.id, campaign.look_at))


def _move(before: datetime | None, after: Campaign) -> Move:
    return Move(Kind.CAMPAIGN, after.tenant_id, after.id, before, after.look_at)


def must_fit(message: Message, *, clicks: str) -> None:
    """As it will be sent: `clicks` is where those are counted."""
    try:
        envelope(message, tag="run_" + "0" * 26, clicks=clicks)
    except DoesNotFit:
        raise Invalid(
            "The message is too large for a push, even without its picture and buttons.", pointer="/message"
        ) from None


def _must_lie_ahead(at: datetime | None, pointer: str, now: datetime) -> None:
    if at is not None and at <= now:
        raise Invalid("This instant has passed.", pointer=pointer)


def _must_outlast(campaign: Campaign, send_at: datetime | None, pointer: str) -> None:
    if send_at is not None and campaign.expires_at is not None and campaign.expires_at <= send_at:
        raise Invalid("The campaign would expire before it is sent.", pointer=pointer)
