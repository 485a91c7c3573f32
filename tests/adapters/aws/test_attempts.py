"""Attempts: few, exactly counted, in any window, whoever is at it at once and whatever gets lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.aws.attempts import StoredAttempts
from chalicelib.core.errors import OverLimit, Unavailable
from chalicelib.core.limits import Attempt, Rule
from tests.adapters.aws.faults import Faults
from tests.fakes.installation import Installation
from tests.fakes.limits import MemoryAttempts

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULE = Rule("test", "tries", "an account", 5, 900)

Store = StoredAttempts | MemoryAttempts


@pytest.fixture(params=["memory", "rows"])
def attempts(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryAttempts()
    request.getfixturevalue("aws")
    request.getfixturevalue("real_limits")
    return StoredAttempts()


@pytest.fixture
def stored(aws: Installation, real_limits: None) -> StoredAttempts:
    return StoredAttempts()


def begin(attempts: Store, *, whose: str = "ada", minutes: float = 0) -> Attempt | None:
    try:
        return attempts.begin(rule=RULE, whose=whose, now=NOON + timedelta(minutes=minutes))
    except OverLimit:
        return None


def test_so_many_and_no_more(attempts: Store) -> None:
    assert [begin(attempts) is not None for _ in range(7)] == [True] * 5 + [False] * 2
    assert begin(attempts, whose="ben") is not None


def test_in_any_window_there_are_no_more(attempts: Store) -> None:
    """Four late in a quarter of an hour, four early in the next: five of them, wherever one starts to count."""
    made = [minute for minute in range(60) for _ in range(3) if begin(attempts, minutes=minute)]
    assert all(sum(start <= minute < start + 15 for minute in made) <= 5 for start in range(60))
    assert len(made) == 20


def test_what_is_refused_says_when_to_come_again(attempts: Store) -> None:
    for minute in (0, 1, 2, 3, 4):
        begin(attempts, minutes=minute)
    with pytest.raises(OverLimit) as refused:
        attempts.begin(rule=RULE, whose="ada", now=NOON + timedelta(minutes=10))
    assert refused.value.retry_after_seconds == 300
    assert begin(attempts, minutes=15) is not None
    assert begin(attempts, minutes=15) is None


def test_one_that_was_forgiven_had_never_been(attempts: Store) -> None:
    kept = [begin(attempts) for _ in range(5)]
    assert kept[2] is not None
    for _ in range(3):  # once is as good as often
        attempts.forgive(kept[2])
    assert begin(attempts) is not None
    assert begin(attempts) is None


def test_forgiving_an_old_one_takes_nothing_from_its_successor(attempts: Store) -> None:
    old = begin(attempts)
    assert old is not None
    for _ in range(5):
        begin(attempts, minutes=15)
    attempts.forgive(old)
    assert begin(attempts, minutes=15) is None


def test_a_hundred_at_once_are_five(stored: StoredAttempts) -> None:
    processes = [stored, *(StoredAttempts() for _ in range(9))]
    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(lambda number: begin(processes[number % 10]), range(100)))
    assert 1 <= sum(attempt is not None for attempt in found) <= 5
    assert len({attempt.slot for attempt in found if attempt}) == sum(attempt is not None for attempt in found)


def test_an_answer_that_was_lost_is_one_attempt(stored: StoredAttempts) -> None:
    with Faults() as faults:
        faults.silence("dynamodb.UpdateItem", times=2)
        kept = begin(stored)
        assert kept is not None
        assert [begin(stored) is not None for _ in range(5)] == [True] * 4 + [False]
        faults.silence("dynamodb.UpdateItem")
        stored.forgive(kept)
    assert [begin(stored) is not None for _ in range(2)] == [True, False]


def test_when_the_table_does_not_answer_nobody_can_say(stored: StoredAttempts) -> None:
    with Faults() as faults:
        for call in ("dynamodb.GetItem", "dynamodb.UpdateItem"):
            faults.reject(call)
            with pytest.raises(Unavailable):
                begin(stored)


def test_forgiving_what_is_long_gone_is_no_error(stored: StoredAttempts, aws: Installation) -> None:
    kept = begin(stored)
    assert kept is not None
    aws.empty()
    stored.forgive(kept)
    assert aws.rows() == []
    assert begin(stored) is not None
