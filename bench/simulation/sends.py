"""One tenant's send as the world sees it: when it was asked for, how far its batches are, when people were reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from math import inf

from bench.simulation.lives import Life
from bench.simulation.tables import Place
from chalicelib.features.sending.model import ring
from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.service.claim import LEASE
from chalicelib.features.sending.store.batches import _pk  # the real partitions, not a copy of their rule
from infra.cost.virtual_world import VirtualClock


@dataclass
class Send:
    """`is_transactional`: to one browser by name; its run is written and woken before the request is answered."""

    tenant: str
    subscribers: int
    asked_at: float
    is_transactional: bool = False
    run: Run | None = None
    planned_at: float = inf
    first_push_at: float = inf
    last_push_at: float = -inf
    finished_at: float = inf
    pushes: int = 0
    waves: int = 0
    reissued: int = 0
    taken: dict[int, Life] = field(default_factory=dict)
    final: dict[int, Batch] = field(default_factory=dict)
    rests_until: dict[int, float] = field(default_factory=dict)
    answers: list[tuple[float, int]] = field(default_factory=list)
    _keys: dict[tuple[Place, int], tuple[str, str]] = field(default_factory=dict)

    @property
    def took(self) -> float:
        """Seconds until the last answer; endless when batches are left that the world did not live to see."""
        is_done = self.run is not None and len(self.final) == self.run.batches
        return self.last_push_at - self.asked_at if is_done else inf

    @property
    def share_reached(self) -> float:
        return self.pushes / self.subscribers

    def pushed(self, at: float, *, first: float, last: float, pushes: int) -> None:
        self.first_push_at = min(self.first_push_at, at + first)
        self.last_push_at = max(self.last_push_at, at + last)
        self.pushes += pushes
        self.answers.append((at + last, pushes))

    def ended(self, number: int) -> None:
        """The record of a batch for which nothing is left to do."""
        assert self.run is not None, "it was planned"
        record = Batch.unstarted(self.run, number)
        record.is_final = True
        self.final[number] = record
        self.rests_until.pop(number, None)

    def records(self, now: float) -> list[Batch]:
        """As a look finds them: final, asleep until their next wake-up, or leased."""
        return [*self.final.values(), *(self._unfinished(n, now) for n in self.taken if n not in self.final)]

    def reached_by(self, share: float) -> float:
        """When so large a share of all pushes had been answered; a shift counts when its last answer came."""
        wanted = share * self.subscribers
        for at, pushes in sorted(self.answers):
            wanted -= pushes
            if wanted <= 0:
                return at - self.asked_at
        return inf

    def key(self, place: Place, number: int) -> tuple[str, str]:
        """The table and the partition key."""
        found = self._keys.get((place, number))
        if found is None:
            found = self._keys[place, number] = self._key(place, number)
        return found

    def _key(self, place: Place, number: int) -> tuple[str, str]:
        assert self.run is not None, "it was planned"
        of = self.run.batches or 1
        match place:
            case Place.SUBS:
                return "subs", f"S#{self.tenant}#site#{ring.arc(number, of).start.hex()[0]}"
            case Place.RECORD:
                return "sends", _pk(self.tenant, self.run.id, number, of)
            case Place.RUN:
                return "sends", f"C#{self.tenant}#{self.run.id}"
            case Place.GATES:
                return "sends", f"H#{self.tenant}#site"
            case Place.SWITCH:
                return "core", "STOP"

    def _unfinished(self, number: int, now: float) -> Batch:
        assert self.run is not None, "it was planned"
        record, clock = Batch.unstarted(self.run, number), VirtualClock()
        until = self.rests_until.get(number)
        if until is None:
            clock.seconds = now - self.planned_at
            record.owner, record.leased_until = "worker", clock.now() + LEASE
        else:
            clock.seconds = until - self.planned_at
            record.next_at = clock.now() + timedelta(seconds=1)
        return record
