"""A tenant: one customer of the installation, whom every other row belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.core import ids
from chalicelib.core.errors import Invalid

FIRST_PLAN = "free"
LONGEST_NAME = 100
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class State(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True)
class Tenant:
    """What its identity provider has opened in an earlier `sso_epoch` is over. With `closes_at` it is closing: it is
    removed then, and can be reopened until then.
    """

    id: str
    name: str
    created_at: datetime
    plan: str = FIRST_PLAN
    state: State = State.ACTIVE
    requires_second_factor: bool = False
    requires_sso: bool = False
    sso_epoch: int = 0
    closes_at: datetime | None = None
    rev: int = 1

    def has_closed(self, *, now: datetime) -> bool:
        """Nobody reopens it any more: whoever came in from here on would be left over when it is removed."""
        return self.closes_at is not None and self.closes_at <= now


def open_tenant(*, name: str, plan: str, now: datetime) -> Tenant:
    return Tenant(id=ids.new("ten"), name=clean_name(name), plan=plan, created_at=now)


def clean_name(name: str, *, pointer: str = "/tenant_name") -> str:
    """A name goes into headings and lists: one line of visible text."""
    cleaned = name.strip()
    if not 0 < len(cleaned) <= LONGEST_NAME or _UNPRINTABLE.search(cleaned):
        raise Invalid(f"A name is one line of 1 to {LONGEST_NAME} characters.", pointer=pointer)
    return cleaned
