"""Whether everything the product stands on answers, whether it may send, and what waits in its queues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.features.operations.model import QUEUES, DeadLetter, Depth, QueueState, Redriven, Stop

_ROUNDS = 50  # of one call, three requests each
MOST_REVIVED = 10  # of one round: what SQS takes at once
MOST_REDRIVEN = _ROUNDS * MOST_REVIVED


class Probe(Protocol):
    def __call__(self) -> object:
        """Raises Unavailable when its part does not answer."""
        ...


class Stops(Protocol):
    """None stands for every tenant."""

    def put(self, tenant_id: str | None, *, at: datetime) -> None:
        """From now on nothing is sent."""
        ...

    def drop(self, tenant_id: str | None) -> None:
        """As if it had not been put."""
        ...

    def put_closing(self, tenant_id: str, *, at: datetime) -> None:
        """The same, because the account is closing; whatever an operator says of it."""
        ...

    def drop_closing(self, tenant_id: str) -> None:
        """It is not any more. What an operator has stopped stays stopped."""
        ...

    def has_any(self, tenant_id: str) -> bool:
        """Whether this tenant is stopped, or everyone; may miss the last second."""
        ...

    def standing(self) -> Sequence[Stop]:
        """All there are: everyone's first, then by tenant."""
        ...


class Queues(Protocol):
    """By short names."""

    def depth(self, name: str) -> Depth:
        """Of the queue."""
        ...

    def dead_depth(self, name: str) -> Depth:
        """Of its dead letters."""
        ...

    def dead_letters(self, name: str) -> Sequence[DeadLetter]:
        """A few of them; they stay where they are."""
        ...

    def revive(self, name: str) -> int:
        """Puts a few of the dead letters back into their queue, and only then takes them away; returns how many."""
        ...


class Operations:
    def __init__(self, *, probes: Mapping[str, Probe], stops: Stops, queues: Queues) -> None:
        self._probes = probes
        self._stops = stops
        self._queues = queues

    def faults(self) -> list[str]:
        return [name for name, probe in self._probes.items() if _is_down(probe)]

    # --- The switch ---

    def stop_sending(self, *, tenant_id: str | None, now: datetime) -> None:
        """Workers hear of it within seconds; what is on its way arrives."""
        self._stops.put(tenant_id, at=now)

    def start_sending(self, *, tenant_id: str | None) -> None:
        """Runs go on from where they were, at their next look: within a minute or two."""
        self._stops.drop(tenant_id)

    def stop_closing(self, *, tenant_id: str, now: datetime) -> None:
        self._stops.put_closing(tenant_id, at=now)

    def start_reopened(self, *, tenant_id: str) -> None:
        self._stops.drop_closing(tenant_id)

    def is_stopped(self, *, tenant_id: str) -> bool:
        return self._stops.has_any(tenant_id)

    def stops(self) -> Sequence[Stop]:
        return self._stops.standing()

    # --- Queues ---

    def queues(self) -> list[QueueState]:
        return [self._state_of(name) for name in QUEUES]

    def would_redrive(self, *, name: str) -> Redriven:
        _must_be_ours(name)
        left = self._queues.dead_depth(name).total
        return Redriven(moved=0, left=left, sample=tuple(self._queues.dead_letters(name)) if left else ())

    def redrive(self, *, name: str) -> Redriven:
        """Every handler may be woken twice, so that a message which is moved twice does no harm; but a letter is then
        posted twice.
        """
        _must_be_ours(name)
        moved = 0
        for _ in range(_ROUNDS):
            if not (revived := self._queues.revive(name)):
                break
            moved += revived
        return Redriven(moved=moved, left=self._queues.dead_depth(name).total)

    def _state_of(self, name: str) -> QueueState:
        dead = self._queues.dead_depth(name)
        sample = self._queues.dead_letters(name) if dead.waiting else ()
        oldest_at = min((letter.sent_at for letter in sample), default=None)
        return QueueState(name, self._queues.depth(name), dead, oldest_at)


def _must_be_ours(name: str) -> None:
    if name not in QUEUES:
        raise NotFound


def _is_down(probe: Probe) -> bool:
    try:
        probe()
    except Unavailable:
        return True
    return False
