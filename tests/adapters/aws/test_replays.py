"""Remembered answers in DynamoDB: one deed a key, for a day, however the calls fall together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.aws.replays import StoredReplays
from chalicelib.core.errors import Unavailable
from chalicelib.core.idempotency import InProgress, KeyReused
from tests.adapters.aws.faults import Faults
from tests.fakes.clock import ManualClock
from tests.fakes.installation import Installation


def begin(clock: ManualClock, *, body: str = "b1", place: str = "p1") -> tuple[int, str] | None:
    return StoredReplays().begin(place=place, fingerprint=body, now=clock.now())


def finish(clock: ManualClock, *, body: str = "b1", place: str = "p1") -> None:
    StoredReplays().finish(place=place, fingerprint=body, status=201, body='{"id":"1"}', now=clock.now())


def test_the_first_goes_ahead_and_the_next_gets_its_answer(aws: Installation, clock: ManualClock) -> None:
    assert begin(clock) is None
    finish(clock)
    assert begin(clock) == (201, '{"id":"1"}')
    assert begin(clock, place="p2") is None


def test_another_body_is_refused_running_or_done(aws: Installation, clock: ManualClock) -> None:
    begin(clock)
    for _ in range(2):
        with pytest.raises(KeyReused):
            begin(clock, body="b2")
        finish(clock)


def test_only_one_of_many_at_once_goes_ahead(aws: Installation, clock: ManualClock) -> None:
    """All at the very same instant: the clock stands still."""

    def attempt(_: int) -> bool:
        try:
            return begin(clock) is None
        except InProgress:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(30))) == 1


def test_a_call_that_never_ended_blocks_its_key_for_a_minute(aws: Installation, clock: ManualClock) -> None:
    begin(clock)
    clock.advance(seconds=59)
    with pytest.raises(InProgress):
        begin(clock)
    clock.advance(seconds=1)
    assert begin(clock) is None
    with pytest.raises(InProgress):
        begin(clock)


def test_an_answer_is_kept_for_a_day_whether_or_not_the_row_is_deleted(aws: Installation, clock: ManualClock) -> None:
    begin(clock)
    finish(clock)
    clock.advance(hours=23, minutes=59, seconds=59)
    assert begin(clock) == (201, '{"id":"1"}')
    clock.advance(seconds=1)
    assert len(aws.rows("idem")) == 1
    assert begin(clock, body="b2") is None


def test_a_failed_call_frees_its_key_and_a_finished_one_does_not(aws: Installation, clock: ManualClock) -> None:
    begin(clock)
    StoredReplays().abandon(place="p1")
    assert begin(clock) is None
    finish(clock)
    StoredReplays().abandon(place="p1")
    assert begin(clock) == (201, '{"id":"1"}')
    StoredReplays().abandon(place="never begun")


def test_a_begin_whose_answer_got_lost_is_still_the_first(faults: Faults, clock: ManualClock) -> None:
    faults.silence("dynamodb.PutItem", times=2)
    assert begin(clock) is None
    with pytest.raises(InProgress):
        begin(clock)


def test_a_rivals_row_is_not_taken_for_an_own_repeat(faults: Faults, clock: ManualClock) -> None:
    """Both at the same instant, and the second one's first answer got lost."""
    assert begin(clock) is None
    faults.silence("dynamodb.PutItem")
    with pytest.raises(InProgress):
        begin(clock)


def test_a_table_that_does_not_answer_lets_nobody_ahead(faults: Faults, clock: ManualClock) -> None:
    faults.reject("dynamodb.PutItem")
    with pytest.raises(Unavailable):
        begin(clock)
