"""What an operator looks at: queues with their dead letters, and what has been stopped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

QUEUES = ("plan", "send", "send-small", "send-transactional", "sweep", "mail", "audit", "privacy", "events")


@dataclass(frozen=True)
class Depth:
    """About how many messages: whoever asks SQS is told an estimate, and so are we."""

    waiting: int
    in_flight: int
    delayed: int

    @property
    def total(self) -> int:
        return self.waiting + self.in_flight + self.delayed


@dataclass(frozen=True)
class DeadLetter:
    """As much of one as may be shown: a letter's body may open an account. `group` is mostly its tenant."""

    id: str
    sent_at: datetime
    receives: int
    group: str | None


@dataclass(frozen=True)
class QueueState:
    """`oldest_dead_letter_at` is the oldest of the few that were looked at."""

    name: str
    depth: Depth
    dead_letters: Depth
    oldest_dead_letter_at: datetime | None


@dataclass(frozen=True)
class Redriven:
    """`sample` are a few of those that wait to be moved."""

    moved: int
    left: int
    sample: tuple[DeadLetter, ...] = ()


@dataclass(frozen=True)
class Stop:
    """No tenant: everyone's. One that `is_closing` is its owner's word, and no operator's."""

    tenant_id: str | None
    at: datetime
    is_closing: bool = False
