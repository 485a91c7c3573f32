"""Limits that hold under races: what all processes admit together never exceeds a bucket, whatever gets lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from chalicelib.aws.buckets import StoredBuckets
from chalicelib.core.errors import Unavailable
from chalicelib.core.limits import Bucket, Rule
from tests.adapters.aws.faults import Faults
from tests.fakes.installation import Installation
from tests.fakes.limits import MemoryBuckets

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULE = Rule("test", "tests", "a tenant", 200, 60, each=120)
SMALL = Rule("small", "tests", "a tenant", 3, 60)


@pytest.fixture(params=["memory", "rows"])
def buckets(request: pytest.FixtureRequest) -> StoredBuckets | MemoryBuckets:
    if request.param == "memory":
        return MemoryBuckets()
    request.getfixturevalue("aws")
    return StoredBuckets()


@pytest.fixture
def counting(aws: Installation) -> Iterator[Faults]:
    with Faults(of_counters=True) as faults:
        yield faults


def admitted(buckets: StoredBuckets | MemoryBuckets, bucket: Bucket, times: int, now: datetime = NOON) -> int:
    return sum(buckets.take(bucket, now=now).is_admitted for _ in range(times))


def used(aws: Installation) -> int:
    return sum(int(row["used"]) for row in aws.rows("idem"))


# --- What every store of buckets does ---


def test_one_process_alone_gets_all_there_is(buckets: StoredBuckets | MemoryBuckets) -> None:
    assert admitted(buckets, Bucket(RULE, "ten_a"), 300) == 200
    assert admitted(buckets, Bucket(RULE, "ten_b"), 300) == 200


def test_one_key_leaves_room_for_the_others_of_its_tenant(buckets: StoredBuckets | MemoryBuckets) -> None:
    assert admitted(buckets, Bucket(RULE, "ten_a", "key_1"), 300) == 120
    assert admitted(buckets, Bucket(RULE, "ten_a", "key_2"), 300) == 80
    assert admitted(buckets, Bucket(RULE, "ten_b", "key_1"), 300) == 120


def test_the_next_window_is_a_new_one(buckets: StoredBuckets | MemoryBuckets) -> None:
    bucket = Bucket(SMALL, "ten_a")
    assert admitted(buckets, bucket, 5, NOON + timedelta(seconds=59)) == 3
    assert admitted(buckets, bucket, 5, NOON + timedelta(seconds=60)) == 3


def test_who_is_let_in_or_not_is_told_how_much_is_left(buckets: StoredBuckets | MemoryBuckets) -> None:
    at = NOON + timedelta(seconds=18.5)
    rooms = [buckets.take(Bucket(SMALL, "ten_a"), now=at) for _ in range(4)]
    assert [room.remaining for room in rooms] == [2, 1, 0, 0]
    assert [room.is_admitted for room in rooms] == [True, True, True, False]
    assert {(room.limit, room.resets_in_seconds) for room in rooms} == {(3, 42)}


# --- Several processes ---


@pytest.mark.parametrize("rule", [RULE, SMALL], ids=lambda rule: rule.name)
def test_many_at_once_are_never_more_than_the_limit(aws: Installation, rule: Rule) -> None:
    processes = [StoredBuckets() for _ in range(5)]
    bucket = Bucket(rule, "ten_a")
    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(lambda number: admitted(processes[number % 5], bucket, 40), range(10)))
    assert sum(found) <= rule.most
    assert sum(found) >= rule.most * 3 // 4  # what a process took and did not spend
    assert used(aws) <= rule.most


def test_hundreds_of_processes_that_see_a_caller_once_refuse_nobody(aws: Installation) -> None:
    bucket = Bucket(Rule("wide", "tests", "a tenant", 1_500, 60), "ten_a")
    assert sum(admitted(StoredBuckets(), bucket, 1) for _ in range(300)) == 300


def test_a_share_is_a_twentieth_at_most(counting: Faults) -> None:
    buckets = StoredBuckets()
    bucket = Bucket(Rule("wide", "tests", "a tenant", 1_000, 60), "ten_a")
    counts = []
    for _ in range(1_000):
        counting.calls.clear()
        assert buckets.take(bucket, now=NOON).is_admitted
        counts.append(len(counting.calls))
    writes = [number for number, count in enumerate(counts) if count]
    shares = [after - before for before, after in pairwise(writes)]
    assert shares[:5] == [4, 8, 16, 32, 50]
    assert max(shares) == 50
    assert max(counts) == 1
    assert shares[-1] == 1  # near the end, one at a time


def test_two_shares_at_once_are_both_spent(aws: Installation) -> None:
    buckets = StoredBuckets()
    bucket = Bucket(Rule("wide", "tests", "a tenant", 100, 60), "ten_a")
    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(lambda _: admitted(buckets, bucket, 30), range(10))) == 100
    assert used(aws) == 100


def test_an_empty_bucket_is_remembered_and_not_asked_again(counting: Faults) -> None:
    buckets = StoredBuckets()
    admitted(buckets, Bucket(SMALL, "ten_a"), 4)
    counting.calls.clear()
    assert admitted(buckets, Bucket(SMALL, "ten_a"), 1_000) == 0
    assert counting.calls == []


def test_two_tenants_in_one_warm_process_share_nothing(aws: Installation) -> None:
    """SECURITY 30."""
    buckets = StoredBuckets()
    found = {"ten_a": 0, "ten_b": 0}
    for number in range(500):
        tenant = "ten_b" if number % 5 == 0 else "ten_a"
        found[tenant] += buckets.take(Bucket(RULE, tenant), now=NOON).is_admitted
    assert found == {"ten_a": 200, "ten_b": 100}


def test_a_process_remembers_only_so_many(aws: Installation) -> None:
    buckets = StoredBuckets(most_remembered=10)
    for number in range(50):
        buckets.take(Bucket(SMALL, f"ten_{number}"), now=NOON)
    assert buckets.remembered == 10
    assert admitted(buckets, Bucket(SMALL, "ten_0"), 5) <= 2


# --- Lost answers and lost calls ---


def test_a_lost_answer_never_admits_more(counting: Faults) -> None:
    processes = [StoredBuckets() for _ in range(3)]
    bucket = Bucket(RULE, "ten_a")
    found = 0
    for number in range(400):
        counting.clear()
        counting.silence("dynamodb.UpdateItem", times=number % 3)  # each of them repeated by the SDK, and counted again
        found += processes[number % 3].take(bucket, now=NOON).is_admitted
    assert 0 < found <= RULE.most


def test_a_repeat_that_finds_its_own_first_try_is_refused_at_worst(counting: Faults) -> None:
    """Of three, one was counted twice: one is left for another."""
    counting.silence("dynamodb.UpdateItem")
    buckets = StoredBuckets()
    assert admitted(buckets, Bucket(SMALL, "ten_a"), 5) == 2


def test_when_all_answers_are_lost_nobody_can_say(counting: Faults) -> None:
    buckets = StoredBuckets()
    counting.silence("dynamodb.UpdateItem", times=4)
    with pytest.raises(Unavailable):
        buckets.take(Bucket(RULE, "ten_a"), now=NOON)
    counting.reject("dynamodb.UpdateItem")
    with pytest.raises(Unavailable):
        buckets.take(Bucket(RULE, "ten_a"), now=NOON)
    counting.clear()
    assert buckets.take(Bucket(RULE, "ten_a"), now=NOON).is_admitted


def test_no_address_is_at_rest(aws: Installation) -> None:
    StoredBuckets().take(Bucket(SMALL, "203.0.113.7", "usr_a"), now=NOON)
    assert "203.0.113.7" not in aws.dump()
    (row,) = aws.rows("idem")
    assert row["ttl"] > NOON.timestamp() + 60
