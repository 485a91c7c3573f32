"""What must be true of a real run that is over: its records, the push services' ledger, and the audience must agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.model.totals import FAMILIES, totals_of
from infra.local.push_service.ledger import Record
from tests.chaos.real.house import WINDOW
from tests.chaos.witness import Breach, Kind

GONE_STATUS = 410


@dataclass(frozen=True)
class People:
    """By their endpoints. Who leaves while the run is under way may be in its audience or not; strangers are not."""

    members: frozenset[str]
    leavers: frozenset[str]
    strangers: frozenset[str]


@dataclass(frozen=True)
class Toll:
    """What befell batches while they were delivered; who dies has several in hand. One that raised is as good as
    killed.
    """

    killed: int
    frozen: int
    unknown: int

    @property
    def repeatable(self) -> int:
        return WINDOW * (self.killed + self.frozen) + self.unknown


class Verdict:
    def __init__(
        self, run: Run, batches: Sequence[Batch], records: Sequence[Record], *, people: People, toll: Toll
    ) -> None:
        self._run = run
        self._batches = batches
        self._records = records
        self._people = people
        self._toll = toll
        self._totals = totals_of(run, [])
        self._ledger = Counter(record.endpoint for record in records if record.accepted)

    @property
    def duplicates(self) -> int:
        return self._ledger.total() - len(self._ledger)

    def breaches(self) -> Iterator[Breach]:
        yield from self._of_the_audience()
        yield from self._of_the_ledger()
        added: Counter[str] = Counter()
        for batch in self._batches:
            added.update(batch.progress.counts)
        if dict(added) != self._totals.counts:
            yield Breach(Kind.COUNT, f"the run says {self._totals.counts}, its batches {dict(added)}")

    def _of_the_audience(self) -> Iterator[Breach]:
        people, counts = self._people, self._totals.counts
        settled, least = sum(self._totals.family(name) for name in FAMILIES), len(people.members)
        if settled < least:
            yield Breach(Kind.LOST, f"{settled} of {least}: {counts}", least - settled)
        if settled > least + len(people.leavers):
            yield Breach(Kind.COUNT, f"{settled}, of at most {least} + {len(people.leavers)}: {counts}")
        unasked = people.members - {record.endpoint for record in self._records}
        if unasked:
            yield Breach(Kind.LOST, f"{len(unasked)} were never pushed to", len(unasked))
        if people.strangers & {record.endpoint for record in self._records}:
            yield Breach(Kind.COUNT, "pushed to somebody outside the audience")

    def _of_the_ledger(self) -> Iterator[Breach]:
        toll, accepted = self._toll, self._totals.family("accepted")
        if self.duplicates > toll.repeatable:
            yield Breach(Kind.BOUND, f"{self.duplicates} duplicates, {toll.repeatable} allowed: {toll}")
        untold = len(self._untold()) + len(self._people.leavers) + WINDOW * toll.frozen
        if not accepted <= len(self._ledger) <= accepted + untold:
            yield Breach(Kind.COUNT, f"{accepted} accepted, {len(self._ledger)} in the ledger, {untold} untold: {toll}")
        unread = sum(record.plaintext is None for record in self._records if record.accepted)
        if unread:
            yield Breach(Kind.COUNT, f"{unread} messages that no browser could read")

    def _untold(self) -> set[str]:
        """Taken once, but what was heard of them last is something else, or nothing."""
        last = {record.endpoint: record for record in self._records}
        return {endpoint for endpoint in self._ledger if not last[endpoint].accepted or last[endpoint].answer_lost}
