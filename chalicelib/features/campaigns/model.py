"""A campaign: what to say, to whom, when; and the states it may pass through. Its runs do the sending."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from chalicelib.channels.message import Message
from chalicelib.core.errors import Conflict, Forbidden
from chalicelib.core.identity import Mode

RUNS_KEPT_FOR = timedelta(days=400)
LONGEST_RUN = timedelta(days=14)
FURTHEST_AHEAD = timedelta(days=366)
CLOCKS_DIFFER_BY = timedelta(minutes=1)


class Status(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    SENT = "sent"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    FAILED = "failed"
    ARCHIVED = "archived"


_NEXT: dict[Status, frozenset[Status]] = {
    Status.DRAFT: frozenset({Status.SCHEDULED, Status.SENDING}),
    Status.SCHEDULED: frozenset({Status.DRAFT, Status.SCHEDULED, Status.SENDING, Status.CANCELLED}),
    Status.SENDING: frozenset({Status.SENT, Status.CANCELLED, Status.FAILED, Status.PAUSED}),
    Status.PAUSED: frozenset({Status.SENDING, Status.SENT, Status.CANCELLED, Status.FAILED}),
    Status.SENT: frozenset({Status.ARCHIVED}),
    Status.CANCELLED: frozenset({Status.ARCHIVED}),
    Status.FAILED: frozenset({Status.ARCHIVED}),
    Status.ARCHIVED: frozenset(),
}
UNDER_WAY = frozenset({Status.SENDING, Status.PAUSED})
_COMMITTED = UNDER_WAY | {Status.SCHEDULED}
_EDITABLE = frozenset({Status.DRAFT, Status.SCHEDULED})
_REMOVABLE = frozenset({Status.DRAFT, Status.SENT, Status.CANCELLED, Status.FAILED, Status.ARCHIVED})


class LiveCampaign(Forbidden):
    """What test credentials do must never reach the public, nor keep from it what was meant for it.

    When: A test key changes, moves, cancels or deletes a campaign that is scheduled or being sent for real.

    Do: Use a live key, or make the campaign again with the test key.
    """

    code = "live_campaign"
    title = "A test key cannot touch what is on its way for real."


class WrongState(Conflict):
    """A campaign goes its way from draft to sent, and what may be done with it depends on how far it has come.

    When: A campaign is sent a second time, changed or deleted while it is being sent, or cancelled when it is over.

    Do: Read the campaign again. To send the same message once more, create another campaign.

    Members:
    - campaign_status: the state that the campaign is in
    """

    code = "wrong_campaign_state"
    title = "The campaign's state does not allow that."


class NotUnderWay(Conflict):
    """A campaign becomes a run within a second or two of being sent, and only a run can be held.

    When: A campaign is paused in the very moment it starts.

    Do: Ask again in a few seconds. To stop it for good, cancel it: that works at any moment.
    """

    code = "campaign_starting"
    title = "The campaign is just starting."


class Expired(Conflict):
    """The campaign's own `expires_at` has passed, so nobody would be reached any more.

    When: A campaign is sent after the instant it was given to expire at.

    Do: Change `expires_at`, or remove it by sending null, then send the campaign.
    """

    code = "campaign_expired"
    title = "The campaign has expired. Nothing was sent."


class Audience(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everyone, for now; a segment or a filter will stand beside `all`, which is therefore always written down.

    Nothing here may be overlooked: who misreads an audience sends to the wrong people.
    """

    all: bool


EVERYONE = Audience(all=True)


@dataclass(frozen=True)
class Campaign:
    """`run_id` is the run it will become or became; `look_at` the instant the calendar holds for it."""

    id: str
    tenant_id: str
    site_id: str
    name: str
    message: Message
    audience: Audience
    created_at: datetime
    status: Status = Status.DRAFT
    careful: bool = False
    throttle_per_minute: int | None = None
    mode: Mode = Mode.LIVE
    send_at: datetime | None = None
    expires_at: datetime | None = None
    run_id: str | None = None
    look_at: datetime | None = None
    updated_at: datetime | None = None
    rev: int = 1

    def to(self, status: Status) -> Campaign:
        if status not in _NEXT[self.status]:
            raise WrongState(
                f"A campaign that is {self.status} cannot become {status}.", campaign_status=str(self.status)
            )
        return replace(self, status=status)

    def must_be_editable(self) -> None:
        if self.status not in _EDITABLE:
            raise WrongState(f"A campaign that is {self.status} cannot be changed.", campaign_status=str(self.status))

    def must_be_under_way(self) -> None:
        if self.status not in UNDER_WAY:
            raise WrongState(f"A campaign that is {self.status} is not being sent.", campaign_status=str(self.status))

    @property
    def is_committed(self) -> bool:
        """On its way, unless somebody stops it."""
        return self.status in _COMMITTED

    def must_be_open_to(self, mode: Mode) -> None:
        if self.is_committed and self.mode is Mode.LIVE and mode is Mode.TEST:
            raise LiveCampaign

    def must_be_removable(self) -> None:
        if self.status not in _REMOVABLE:
            raise WrongState(
                f"A campaign that is {self.status} cannot be deleted; unschedule or cancel it first.",
                campaign_status=str(self.status),
            )
        if self.look_at is not None:  # a planner or a run may not have heard of its end, and would find no row to tell
            raise WrongState(
                "The end of this campaign is still being made known to its run; it can be deleted in a few minutes.",
                campaign_status=str(self.status),
            )

    def run_expires_at(self, *, now: datetime) -> datetime:
        latest = now + LONGEST_RUN
        return min(self.expires_at, latest) if self.expires_at else latest


@dataclass(frozen=True)
class Launch:
    """One campaign whose time has come: everything a run needs to know. A cancelled one only stops what runs."""

    campaign: Campaign
    run_id: str

    @property
    def is_cancelled(self) -> bool:
        return self.campaign.status is Status.CANCELLED
