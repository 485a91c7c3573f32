"""Whether a host's "gone" is believed. A push service that errs, or answers for another one, must not end an audience.

A batch is a uniform sample of its site, so a share of gone that is far beyond any site's churn says something about
the host. What is not believed is counted, but ends nobody.
"""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.features.sending.model.batch import Batch, Progress
from chalicelib.features.sending.model.run import Run

FEWEST_ANSWERS = 50
MOST_GONE = 0.2


def believes(answers: int, gone: int) -> bool | None:
    """None: too few to tell."""
    return None if answers < FEWEST_ANSWERS else gone <= MOST_GONE * answers


def verdict(run: Run, progress: Progress, host: str) -> bool | None:
    """By what the whole run found, else by this batch alone; a run of one batch waits for nobody but its own."""
    if host in run.believed:
        return run.believed[host]
    alone = believes(*progress.hosts.get(host, (0, 0)))
    return True if alone is None and run.batches == 1 and not progress.pending else alone


def awaits_verdict(run: Run, progress: Progress) -> bool:
    """All is done but to know whether some are gone."""
    return progress.is_all_but_buried and any(verdict(run, progress, host) is None for host in progress.gone)


def sums(batches: Iterable[Batch]) -> dict[str, tuple[int, int]]:
    """Answers and gone by host, over the whole run."""
    found: dict[str, tuple[int, int]] = {}
    for batch in batches:
        for host, (answers, gone) in batch.progress.hosts.items():
            before = found.get(host, (0, 0))
            found[host] = (before[0] + answers, before[1] + gone)
    return found


def verdicts(run: Run, batches: Iterable[Batch]) -> dict[str, bool]:
    """Those that somebody waits for and that can be given now: the sum is large enough, or all there will be."""
    batches = list(batches)
    asked = {host for batch in batches for host in batch.progress.gone} - run.believed.keys()
    totals = sums(batches)
    found = {host: believes(*totals[host]) for host in asked}
    if len(batches) == run.batches and all(batch.progress.is_all_but_buried for batch in batches):
        return {host: belief is not False for host, belief in found.items()}
    return {host: belief for host, belief in found.items() if belief is not None}
