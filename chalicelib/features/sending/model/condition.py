"""How a batch stands, in one word, for whoever has to find out why a run is not over."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.guard import awaits_verdict
from chalicelib.features.sending.model.run import Run


class Condition(StrEnum):
    UNSTARTED = "unstarted"  # it has no record
    LEASED = "leased"  # a worker has it
    ABANDONED = "abandoned"  # a worker had it, and did not give it back in time
    WAITING = "waiting"  # for its `next_at`
    UNDECIDED = "undecided"  # for the run's verdict about a host that calls too many gone
    IDLE = "idle"  # given back with something left to do: for whoever comes
    FINAL = "final"


def condition_of(run: Run, batch: Batch, *, now: datetime) -> Condition:
    if not batch.rev:
        return Condition.UNSTARTED
    if batch.is_final:
        return Condition.FINAL
    if batch.owner:
        return Condition.LEASED if batch.is_leased(now=now) else Condition.ABANDONED
    if awaits_verdict(run, batch.progress):
        return Condition.UNDECIDED
    return Condition.WAITING if batch.is_waiting(now=now) else Condition.IDLE
