"""The record of a batch: what it counts, what waits in it, and when there is nothing to do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.channels.outcome import ACCEPTED, Outcome, Verdict
from chalicelib.core.clock import in_milliseconds
from chalicelib.features.sending.model.batch import MOST_LATER, Batch, Grave, Progress, Wait
from tests.chaos.simulation import EPOCH as NOW
from tests.unit.sending.scene import Scene

GONE = Outcome(Verdict.GONE, "ended")
K1, K2, K3 = (bytes([digit]) * 16 for digit in (1, 2, 3))
SOON, LATER = (Wait(in_milliseconds(NOW) + wait, 1, "throttled") for wait in (5_000, 60_000))


def a_batch(progress: Progress | None = None) -> Batch:
    return Batch("run_a", 0, 1, NOW, progress=progress or Progress())


def test_final_outcomes_are_counted_by_reason_and_by_host() -> None:
    progress = Progress()
    progress.settle(ACCEPTED, host="a", grave=Grave(K1, 1))
    progress.settle(ACCEPTED, host="a", grave=Grave(K2, 1))
    progress.settle(GONE, host="a", grave=Grave(K3, 7))
    progress.settle(Outcome(Verdict.FAILED, "too_large"), host="b", grave=Grave(K1, 1))
    assert progress.counts == {"accepted": 2, "gone:ended": 1, "failed:too_large": 1}
    assert progress.hosts == {"a": [3, 1]}
    assert progress.gone == {"a": [Grave(K3, 7)]}


def test_who_refuses_our_signature_says_nothing_of_who_is_gone() -> None:
    """Counted as answers, they would make a host that calls most of its subscriptions gone look like any other."""
    progress = Progress()
    progress.settle(Outcome(Verdict.FAILED, "vapid_refused"), host="a", grave=Grave(K1, 1))
    progress.settle(GONE, host="a", grave=Grave(K2, 1))
    assert progress.hosts == {"a": [1, 1]}


def test_what_never_left_is_no_answer_of_any_host() -> None:
    progress = Progress()
    progress.settle(Outcome(Verdict.FAILED, "key_unavailable"), host="", grave=Grave(K1, 1))
    assert (progress.counts, progress.hosts) == ({"failed:key_unavailable": 1}, {})


def test_instants_are_rounded_up_so_that_groups_stay_few() -> None:
    waits = {
        Wait.until(NOW + timedelta(milliseconds=wait), attempt=1, reason="throttled") for wait in range(1, 5_001, 100)
    }
    assert waits == {SOON}
    assert Wait.until(NOW + timedelta(seconds=5), attempt=1, reason="throttled") == SOON


def test_what_waits_stands_in_groups_that_vanish_when_empty() -> None:
    progress = Progress()
    for key, wait in ((K1, SOON), (K2, SOON), (K3, LATER)):
        progress.postpone(key, wait)
    assert (progress.waiting, len(progress.later)) == (3, 2)
    progress.resume(K1, SOON)
    progress.resume(K2, SOON)
    assert progress.later == {LATER: {K3: None}}


def test_what_has_waited_long_enough_is_named_and_all_when_nothing_is_waited_for() -> None:
    progress = Progress(later={SOON: {K1: None, K2: None}, LATER: {K3: None}})
    assert list(progress.put_off(until=NOW)) == []
    assert list(progress.put_off(until=NOW + timedelta(seconds=5))) == [(K1, SOON), (K2, SOON)]
    assert list(progress.put_off(until=None)) == [(K1, SOON), (K2, SOON), (K3, LATER)]


def test_pending_are_those_read_but_not_settled() -> None:
    progress = Progress(counts={"accepted": 9}, in_doubt={K1: None}, later={SOON: {K2: None, K3: None}})
    assert (progress.waiting, progress.pending) == (2, 3)


@pytest.mark.parametrize(
    ("progress", "final"),
    [
        (Progress(), False),
        (Progress(is_read=True), True),
        (Progress(is_read=True, in_doubt={K1: None}), False),
        (Progress(is_read=True, later={SOON: {K1: None}}), False),
        (Progress(is_read=True, gone={"a": [Grave(K1, 1)]}), False),
    ],
)
def test_final_is_all_read_and_nothing_left(progress: Progress, *, final: bool) -> None:
    assert progress.is_final is final


@pytest.mark.parametrize(
    ("progress", "next_at"),
    [
        (Progress(is_read=True, later={LATER: {K2: None}, SOON: {K1: None}}), NOW + timedelta(seconds=5)),
        (Progress(is_read=False, later={SOON: {K1: None}}), None),
        (Progress(is_read=True, later={SOON: {K1: None}}, in_doubt={K2: None}), None),
        (Progress(is_read=True, later={SOON: {K1: None}}, gone={"a": [Grave(K2, 1)]}), NOW + timedelta(seconds=5)),
        (
            Progress(later={SOON: {number.to_bytes(16): None for number in range(MOST_LATER)}}),
            NOW + timedelta(seconds=5),
        ),
        (Progress(is_read=True), None),
    ],
    ids=["all read", "more to read", "some in doubt", "some to bury later", "no room for more", "done"],
)
def test_a_released_batch_waits_only_when_nothing_else_can_be_done(progress: Progress, next_at: object) -> None:
    batch = a_batch(progress)
    batch.owner, batch.leased_until = "somebody", NOW
    batch.release()
    assert not batch.is_leased(now=NOW - timedelta(days=1))
    assert (batch.owner, batch.next_at) == ("", next_at)
    assert batch.is_final is progress.is_final


def test_a_lease_ends_by_itself() -> None:
    batch = a_batch()
    assert not batch.is_leased(now=NOW)
    batch.owner, batch.leased_until = "somebody", NOW + timedelta(seconds=90)
    assert batch.is_leased(now=NOW + timedelta(seconds=89))
    assert not batch.is_leased(now=NOW + timedelta(seconds=90))


def test_a_batch_waits_while_nobody_holds_it_and_its_time_has_not_come() -> None:
    batch = a_batch()
    assert not batch.is_waiting(now=NOW)
    batch.next_at = NOW + timedelta(seconds=5)
    assert batch.is_waiting(now=NOW)
    assert not batch.is_waiting(now=NOW + timedelta(seconds=5))
    batch.owner = "somebody"
    assert not batch.is_waiting(now=NOW)


def test_an_unstarted_batch_is_empty_and_kept_a_month_longer_than_its_run() -> None:
    run = Scene().launch(batches=4)
    batch = Batch.unstarted(run, 3)
    assert (batch.number, batch.of, batch.rev, batch.progress) == (3, 4, 0, Progress())
    assert batch.keep_until == run.expires_at + timedelta(days=30)
