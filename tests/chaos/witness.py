"""Sees everything while a story goes on, and says at once when a promise is broken. The judge adds up in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.features.campaigns.model import UNDER_WAY, Status
from chalicelib.features.sending.model import ring
from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.run import Run, State
from tests.chaos.owners import PERSONS, Owner, People
from tests.chaos.plot import Plot
from tests.chaos.service import Pushes, PushServices
from tests.chaos.simulation import EPOCH, Actor, End, Simulation
from tests.chaos.stores import Audience, Batches, Runs, Subscriber

HEARD_WITHIN_SECONDS = 30.0  # a pause, a cancel, an operator's stop
_MOST_SKEW_SECONDS = 62.0


class Kind(StrEnum):
    LOST = "lost"
    BOUND = "bound_broken"
    COUNT = "count_mismatch"
    UNFINISHED = "unfinished"


@dataclass(frozen=True)
class Breach:
    kind: Kind
    says: str
    number: int = 1

    def __str__(self) -> str:
        return f"{self.kind}: {self.says}"


class Witness:
    def __init__(
        self,
        plot: Plot,
        simulation: Simulation,
        *,
        services: PushServices,
        audience: Audience,
        batches: Batches,
        runs: Runs,
        people: People,
        owner: Owner,
    ) -> None:
        self.breaches: list[Breach] = []
        self.deaths: Counter[int] = Counter()  # of workers that held a batch, or thought so, by batch
        self._plot = plot
        self._simulation = simulation
        self._services = services
        self._audience = audience
        self._batches = batches
        self._people = people
        self._owner = owner
        self._runs = runs
        self._veterans = {key for key, row in audience.rows.items() if row.is_active}
        self._persons: dict[bytes, bytes] = {}
        self._cutoff = 0
        self._expires_at = float("inf")
        self._held_since: float | None = None
        self._stopped_since: float | None = None
        self._release_at: list[float] = []
        services.on_push = self.pushed
        batches.on_claim, batches.on_release = self.claimed, self.released
        runs.on_save = self.turned
        owner.on_write = self.agree
        audience.on_burial = self.buried
        simulation.on_end = self.ended

    def says(self, kind: Kind, what: str) -> None:
        self.breaches.append(Breach(kind, f"{what} at {self._simulation.seconds:.1f} s"))

    # pushes

    def pushed(self, subscriber: Subscriber, actor: Actor | None) -> None:
        now = self._simulation.seconds
        if self._persons:
            self._pushed_by_name(subscriber)
        elif subscriber.key not in self._veterans and not self._came_before_the_cutoff(subscriber.key):
            self.says(Kind.COUNT, "pushed to somebody who came after the cutoff")
        if now > self._expires_at + _MOST_SKEW_SECONDS:
            self.says(Kind.BOUND, "pushed after the run had expired")
        since = self._held_since if self._held_since is not None else self._stopped_since
        if since is not None and now - since > HEARD_WITHIN_SECONDS and not (actor and actor.frozen_seconds):
            self.says(Kind.BOUND, "pushed though held, cancelled or stopped")
        if self._release_at:
            arc = int.from_bytes(subscriber.key) * len(self._release_at) >> 8 * ring.KEY_BYTES
            if now < self._release_at[arc] - _MOST_SKEW_SECONDS - 60:
                self.says(Kind.BOUND, "pushed before its batch was released")

    def _came_before_the_cutoff(self, key: bytes) -> bool:
        """As clocks differ, even somebody who came meanwhile may have."""
        return any(row.is_active and row.active_since < self._cutoff for _, row in self._people.versions(key))

    def _pushed_by_name(self, subscriber: Subscriber) -> None:
        person = self._persons.get(subscriber.key)
        if person is None or (person and not PERSONS.is_same(person, subscriber.external_id or "")):
            self.says(Kind.COUNT, "pushed to somebody else")

    # the run

    def turned(self, run: Run) -> None:
        self._expires_at = _seconds(run.expires_at)
        self._cutoff = run.order.cutoff
        self._persons = {chosen.key: chosen.person for chosen in run.order.chosen}
        if run.state not in {State.PAUSED, State.CANCELLED}:
            self._held_since = None
        elif self._held_since is None:
            self._held_since = self._simulation.seconds
        if run.order.throttle_per_minute is not None and run.batches:
            self._release_at = [_seconds(run.release_at(number)) for number in range(run.batches)]

        self.agree()

    def agree(self) -> None:
        """A campaign and its run, at every moment: but for a cancel that the run has yet to hear, and the run's own end."""
        status = self._owner.campaign.status
        for run in self._runs.rows.values():
            is_held = (status is Status.PAUSED, run.state is State.PAUSED)
            if status in UNDER_WAY and not run.is_over and len(set(is_held)) > 1:
                self.says(Kind.BOUND, f"the campaign is {status}, its run {run.state}")
            if run.state is State.CANCELLED and status is not Status.CANCELLED:
                self.says(Kind.BOUND, f"its run was cancelled, and the campaign is {status}")
            if run.is_over and status in UNDER_WAY:
                self.says(Kind.BOUND, f"its run is over, and the campaign is {status}")

    def switched(self, *, is_off: bool) -> None:
        self._stopped_since = self._simulation.seconds if is_off else None

    # batches

    def claimed(self, batch: Batch) -> None:
        """Whoever held it before is a zombie from now on, or dead."""
        for actor, session in self._services.sessions.items():
            if actor.holds[2] == batch.number and actor is not self._simulation.acting:
                self._superseded(session, batch)

    def _superseded(self, session: Pushes, batch: Batch) -> None:
        if session.at_risk is None:
            uncovered = list(uncovered_by(batch, session.taken))
            session.at_risk = len(uncovered)
            self._services.untold.update(uncovered)

    def released(self, batch: Batch) -> None:
        """Counts cover the keys up to the cursor that neither wait nor are in doubt: the ledger must agree."""
        arc = ring.arc(batch.number, batch.of)
        keys = self._audience.rows.between(arc.start, batch.progress.cursor)
        taken = set(keys).intersection(self._services.accepted)
        covered = taken.difference(uncovered_by(batch, taken))
        accepted = batch.progress.counts.get("accepted", 0)
        if accepted > len(covered):
            self.says(Kind.COUNT, f"batch {batch.number} counts {accepted}, the ledger has {len(covered)}")
        if len(covered) - accepted > len(covered & self._services.untold):
            self.says(Kind.COUNT, f"the ledger has {len(covered)} of batch {batch.number}, it counts {accepted}")

    def ended(self, actor: Actor, end: End) -> None:
        if actor.raised is not None:
            self.says(Kind.BOUND, f"{actor.name} raised {actor.raised!r}")
        session = self._services.sessions.pop(actor, None)
        if session is None:
            return
        number = actor.holds[2]
        batch = self._batches.rows[actor.holds]
        if end is End.DONE and not actor.is_fenced:
            self._services.unknown += session.unheard
            if session.at_risk is None and any(uncovered_by(batch, session.taken)):
                self.says(Kind.LOST, f"batch {number} was let go without what was pushed")
            return
        self.deaths[number] += 1
        at_risk = session.at_risk
        if at_risk is None:
            uncovered = list(uncovered_by(batch, session.taken))
            at_risk = len(uncovered)
            self._services.untold.update(uncovered)
        if at_risk + len(session.unheard) > self._plot.window:
            self.says(Kind.BOUND, f"{at_risk} pushes could be repeated, W is {self._plot.window}")

    # the audience

    def buried(self, row: Subscriber) -> None:
        called_at = self._services.called_gone.get(row.key)
        if called_at is None or self._people.returned_at.get(row.key, -1.0) > called_at:
            self.says(Kind.BOUND, "ended somebody whom no push service called gone")


def _seconds(at: datetime) -> float:
    return (at - EPOCH).total_seconds()


def uncovered_by(batch: Batch, keys: Iterable[bytes]) -> Iterable[bytes]:
    """Those of a batch's keys whose outcome its record does not hold: a successor would push to them."""
    progress = batch.progress
    waiting = set(progress.in_doubt).union(*progress.later.values())
    return (key for key in keys if key > progress.cursor or key in waiting)
