"""Sums over a run, and the identity they keep whatever the records say."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as some

from chalicelib.features.sending.model.batch import Batch, Progress, Wait
from chalicelib.features.sending.model.run import Estimate
from chalicelib.features.sending.model.totals import FAMILIES, Totals, totals_of
from tests.chaos.simulation import EPOCH
from tests.unit.sending.scene import Scene

RUN = Scene().launch(batches=4, estimate=Estimate(100, exact=False))
OUTCOMES = [
    "accepted", "gone:ended", "gone:ended_meanwhile", "failed:too_large", "skipped:cancelled", "expired", "excluded",
    "unknown",
]  # fmt: skip
records = some.builds(
    Progress,
    is_read=some.booleans(),
    counts=some.dictionaries(some.sampled_from(OUTCOMES), some.integers(1, 500)),
    in_doubt=some.dictionaries(some.binary(min_size=16, max_size=16), some.none(), max_size=5),
    later=some.dictionaries(
        some.builds(Wait, some.integers(0, 9), some.integers(1, 6), some.just("throttled")),
        some.dictionaries(some.binary(min_size=16, max_size=16), some.none(), min_size=1, max_size=5),
        max_size=3,
    ),
)


def batch(number: int, progress: Progress) -> Batch:
    return Batch("run_a", number, 4, EPOCH, progress=progress)


@given(some.lists(records, max_size=4), some.none() | some.integers(0, 5_000))
def test_the_identity_holds_at_every_moment(progresses: list[Progress], estimated: int | None) -> None:
    run = replace(RUN, estimate=None if estimated is None else Estimate(estimated, exact=False))
    totals = totals_of(run, [batch(number, progress) for number, progress in enumerate(progresses)])
    assert sum(totals.family(name) for name in FAMILIES) + totals.pending == totals.audience
    assert totals.pending >= totals.waiting >= 0


def test_the_estimate_counts_until_all_is_read_and_not_a_moment_longer() -> None:
    read = [batch(number, Progress(is_read=True, counts={"accepted": 10})) for number in range(4)]
    before, after = totals_of(RUN, read[:3]), totals_of(RUN, read)
    assert (before.is_exact, before.audience, before.pending) == (False, 100, 70)
    assert (after.is_exact, after.audience, after.pending) == (True, 40, 0)


def test_an_estimate_that_was_too_low_gives_way() -> None:
    found = [batch(0, Progress(is_read=True, counts={"accepted": 150}))]
    assert totals_of(RUN, found).audience == 150


def test_those_who_were_left_out_are_not_in_the_audience() -> None:
    read = [batch(0, Progress(is_read=True, counts={"accepted": 1, "excluded": 5, "unknown": 3}))]
    totals = totals_of(replace(RUN, batches=1), read)
    assert (totals.audience, totals.family("excluded")) == (1, 5)


def test_a_run_without_a_plan_knows_nothing_yet() -> None:
    totals = totals_of(replace(RUN, batches=None, estimate=None), [])
    assert (totals.audience, totals.pending, totals.is_exact) == (0, 0, False)


def test_a_finished_run_remembers_its_sums() -> None:
    run = replace(RUN, finished_at=EPOCH, totals={"accepted": 7, "gone:ended": 1})
    totals = totals_of(run, [batch(0, Progress(counts={"accepted": 999}))])
    assert (totals.audience, totals.pending, totals.is_exact) == (8, 0, True)


def test_reasons_are_those_of_the_outcomes_that_have_one() -> None:
    totals = Totals({"accepted": 3, "gone:ended": 2, "failed:too_large": 1}, waiting=0, unread=0, estimated=None)
    assert totals.reasons == {"failed:too_large": 1, "gone:ended": 2}
    assert (totals.family("gone"), totals.family("failed"), totals.family("skipped")) == (2, 1, 0)
