"""Addresses that are not written to: their mailbox does not exist, or whoever reads it has complained."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

BOUNCES_BELIEVED_FOR = timedelta(days=90)  # people come back, and mailboxes are set up anew


class Reason(StrEnum):
    """In SES's words. Only permanent bounces are told: the rest SES tries again by itself."""

    BOUNCE = "Bounce"
    COMPLAINT = "Complaint"


@dataclass(frozen=True)
class Refusal:
    """`mailbox` is the keyed hash of the address."""

    mailbox: str
    reason: Reason
    at: datetime

    @property
    def ends_at(self) -> datetime | None:
        return None if self.reason is Reason.COMPLAINT else self.at + BOUNCES_BELIEVED_FOR

    def holds(self, now: datetime) -> bool:
        return self.ends_at is None or now < self.ends_at
