"""Sums over the batches of a run, and the identity they keep:
accepted + gone + failed + skipped + expired + pending = audience.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.run import Run

FAMILIES = ("accepted", "gone", "failed", "skipped", "expired")
EXCLUDED = "excluded"


@dataclass(frozen=True)
class Totals:
    """`counts` are by outcome and reason, as the records have them; `waiting` are keys in doubt or put off."""

    counts: dict[str, int]
    waiting: int
    unread: int
    estimated: int | None

    @property
    def settled(self) -> int:
        return sum(self.family(name) for name in FAMILIES)

    @property
    def is_exact(self) -> bool:
        return not self.unread

    @property
    def audience(self) -> int:
        known = self.settled + self.waiting
        return known if self.is_exact or self.estimated is None else max(known, self.estimated)

    @property
    def pending(self) -> int:
        return self.audience - self.settled

    def family(self, name: str) -> int:
        return sum(n for outcome, n in self.counts.items() if outcome.partition(":")[0] == name)

    @property
    def reasons(self) -> dict[str, int]:
        return {outcome: n for outcome, n in sorted(self.counts.items()) if ":" in outcome}


def totals_of(run: Run, batches: Iterable[Batch]) -> Totals:
    """A finished run remembers its sums; another is added up from its records."""
    estimated = run.estimate.audience if run.estimate else None
    if run.is_over:
        return Totals(run.totals, waiting=0, unread=0, estimated=estimated)
    counts: dict[str, int] = {}
    waiting = 0
    read = 0
    for batch in batches:
        progress = batch.progress
        waiting += progress.pending
        read += progress.is_read
        for outcome, n in progress.counts.items():
            counts[outcome] = counts.get(outcome, 0) + n
    unread = 1 if run.batches is None else run.batches - read
    return Totals(counts, waiting, unread, estimated)
