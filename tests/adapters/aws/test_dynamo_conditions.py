"""Conditional writes and transactions: one of many wins, all or nothing, and a lost answer is no second deed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from pynamodb.expressions.operand import Path

from chalicelib.aws.dynamo import (
    ONE_MORE,
    Check,
    Delete,
    Put,
    Refused,
    Table,
    Update,
    absent,
    equals,
    present,
    transact,
)
from chalicelib.core.errors import Unavailable
from tests.adapters.aws.faults import Faults
from tests.fakes.installation import Installation

CORE = Table("core")
ROW = {"pk": "P", "sk": "-", "writer": "ada", "rev": 1}


def test_only_the_first_of_two_puts(aws: Installation) -> None:
    CORE.put(ROW, absent())
    with pytest.raises(Refused) as refused:
        CORE.put(ROW | {"writer": "ben"}, absent())
    assert refused.value.row == ROW
    assert CORE.get("P") == ROW


def test_only_one_of_many_at_once_puts(aws: Installation) -> None:
    def attempt(writer: int) -> bool:
        try:
            CORE.put({"pk": "P", "sk": "-", "writer": writer}, absent())
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(40))) == 1


@pytest.mark.parametrize("same", [ROW, ROW | {"pair": (1, 2), "gone": None, "ratio": 1.0}])
def test_writing_the_same_again_is_refused_too(aws: Installation, same: dict[str, object]) -> None:
    """Equal content is no sign that it was us."""
    CORE.put(same, absent())
    with pytest.raises(Refused):
        CORE.put(same, absent())
    CORE.update("P", "-", {"status": "sent"}, equals("rev", 1))
    with pytest.raises(Refused):
        CORE.update("P", "-", {"status": "sent"}, absent("status"))


def test_a_condition_on_nothing_refuses_with_nothing(aws: Installation) -> None:
    attempts: list[Callable[[], None]] = [
        lambda: CORE.update("P", "-", {"name": None}, present()),
        lambda: CORE.update("P", "-", {"name": "x"}, equals("rev", 1)),
        lambda: CORE.delete("P", "-", present()),
        lambda: CORE.put(ROW, present()),
    ]
    for attempt in attempts:
        with pytest.raises(Refused) as refused:
            attempt()
        assert refused.value.row is None
    assert CORE.get("P") is None


def test_an_optimistic_lock_lets_one_through(aws: Installation) -> None:
    CORE.put(ROW)
    CORE.update("P", "-", {"writer": "ben", "rev": 2}, equals("rev", 1))
    with pytest.raises(Refused) as refused:
        CORE.update("P", "-", {"writer": "cyd", "rev": 2}, equals("rev", 1))
    assert refused.value.row == ROW | {"writer": "ben", "rev": 2}


def test_one_more_counts_where_the_row_stands(aws: Installation) -> None:
    CORE.put(ROW)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: CORE.update("P", "-", {"rev": ONE_MORE}), range(20)))
    assert CORE.get("P") == ROW | {"rev": 21}


# --- lost answers ---


def test_a_put_whose_answer_got_lost_is_done_once(faults: Faults) -> None:
    faults.silence("dynamodb.PutItem", times=2)
    CORE.put(ROW | {"pair": (1, {"a": None}), "gone": None}, absent())
    assert CORE.get("P") == ROW | {"pair": [1, {"a": None}]}


def test_a_put_repeated_behind_somebody_elses_row_is_refused(faults: Faults) -> None:
    CORE.put(ROW)
    faults.silence("dynamodb.PutItem")
    with pytest.raises(Refused) as refused:
        CORE.put(ROW | {"writer": "ben"}, absent())
    assert refused.value.row == ROW


def test_an_update_whose_answer_got_lost_is_done_once(faults: Faults) -> None:
    CORE.put(ROW | {"old": 1})
    faults.silence("dynamodb.UpdateItem")
    CORE.update("P", "-", {"writer": "ben", "old": None, "pair": (1, 2), "rev": ONE_MORE}, equals("rev", 1))
    assert CORE.get("P") == {"pk": "P", "sk": "-", "writer": "ben", "pair": [1, 2], "rev": 2}


def test_an_update_repeated_behind_somebody_elses_is_refused(faults: Faults) -> None:
    CORE.put(ROW | {"rev": 2})
    faults.silence("dynamodb.UpdateItem")
    with pytest.raises(Refused):
        CORE.update("P", "-", {"writer": "ben", "rev": 2}, equals("rev", 1))


@pytest.mark.parametrize("changes", [{"rev": ONE_MORE}, {"name": None}])
def test_an_update_that_leaves_no_trace_is_never_taken_for_done(faults: Faults, changes: dict[str, object]) -> None:
    faults.silence("dynamodb.UpdateItem", times=2)
    with pytest.raises(Refused):
        CORE.update("P", "-", changes, present())


def test_a_delete_whose_answer_got_lost_is_done_once(faults: Faults) -> None:
    CORE.put(ROW)
    faults.silence("dynamodb.DeleteItem")
    CORE.delete("P", "-", equals("rev", 1))
    assert CORE.get("P") is None


def test_a_write_that_nobody_ever_heard_of_is_a_fault_of_ours_though_done(faults: Faults) -> None:
    faults.silence("dynamodb.PutItem", times=10)
    with pytest.raises(Unavailable):
        CORE.put(ROW, absent())
    assert CORE.get("P") == ROW


def test_a_write_that_never_left_was_not_done(faults: Faults) -> None:
    faults.reject("dynamodb.PutItem")
    with pytest.raises(Unavailable):
        CORE.put(ROW, absent())
    assert CORE.get("P") is None


# --- transactions ---

GUARD = {"pk": "EMAIL#1", "sk": "-", "user": "usr_1"}


def test_a_transaction_is_all_or_nothing(aws: Installation) -> None:
    transact(Put(CORE, ROW, absent()), Put(CORE, GUARD, absent()))
    other = ROW | {"pk": "P2"}
    with pytest.raises(Refused) as refused:
        transact(Put(CORE, other, absent()), Put(CORE, GUARD | {"user": "usr_2"}, absent()))
    assert refused.value.row == GUARD
    assert CORE.get("P2") is None
    transact(
        Update(CORE, "P", "-", {"rev": 2}, equals("rev", 1)), Delete(CORE, "EMAIL#1", "-", present()), Put(CORE, other)
    )
    assert (CORE.get("P"), CORE.get("EMAIL#1"), CORE.get("P2")) == (ROW | {"rev": 2}, None, other)


def test_a_transaction_looks_at_what_it_does_not_write(aws: Installation) -> None:
    CORE.put(GUARD)
    with pytest.raises(Refused) as refused:
        transact(Put(CORE, ROW, absent()), Check(CORE, GUARD["pk"], GUARD["sk"], absent()))
    assert (refused.value.row, aws.rows("core")) == (GUARD, [GUARD])
    transact(Put(CORE, ROW, absent()), Check(CORE, GUARD["pk"], GUARD["sk"], present()))
    assert len(aws.rows("core")) == 2


def test_the_same_transaction_again_is_refused(aws: Installation) -> None:
    writes = (Put(CORE, ROW, absent()), Put(CORE, GUARD, absent()))
    transact(*writes)
    with pytest.raises(Refused) as refused:
        transact(*writes)
    assert refused.value.row == ROW


def test_a_transaction_with_nothing_in_its_way_but_absence_is_refused(aws: Installation) -> None:
    with pytest.raises(Refused) as refused:
        transact(Put(CORE, ROW), Delete(CORE, "EMAIL#1", "-", present()))
    assert refused.value.row is None
    assert CORE.get("P") is None


def test_a_transaction_whose_answer_got_lost_is_done_once(faults: Faults) -> None:
    CORE.put(GUARD)
    faults.silence("dynamodb.TransactWriteItems", times=2)
    transact(
        Put(CORE, ROW, absent()), Delete(CORE, "EMAIL#1", "-", present()), Update(CORE, "Q", "-", {"n": 1}, absent())
    )
    assert (CORE.get("P"), CORE.get("EMAIL#1"), CORE.get("Q")) == (ROW, None, {"pk": "Q", "sk": "-", "n": 1})


def test_a_transaction_repeated_behind_somebody_elses_is_refused(faults: Faults) -> None:
    CORE.put(GUARD | {"user": "usr_2"})
    faults.silence("dynamodb.TransactWriteItems")
    with pytest.raises(Refused) as refused:
        transact(Put(CORE, ROW, absent()), Put(CORE, GUARD, absent()))
    assert refused.value.row == GUARD | {"user": "usr_2"}
    assert CORE.get("P") is None


def test_a_repeated_transaction_that_only_misses_what_it_would_delete_is_refused(faults: Faults) -> None:
    faults.silence("dynamodb.TransactWriteItems")
    with pytest.raises(Refused):
        transact(Put(CORE, ROW), Delete(CORE, "EMAIL#1", "-", present()))
    assert CORE.get("P") is None


def test_a_clash_with_another_transaction_may_be_tried_again(faults: Faults) -> None:
    CORE.put(ROW)
    faults.clash()
    with pytest.raises(Unavailable):
        transact(Put(CORE, ROW, absent()))


def test_a_limit_is_never_over_by_one(aws: Installation) -> None:
    """The shape of a quota: count up while it stays within, and a put-once note of what for."""

    def spend(number: int) -> bool:
        used = Path("used")
        note = {"pk": "Q", "sk": f"R#{number}"}
        within = used.does_not_exist() | (used <= 9)
        try:
            transact(Update(CORE, "Q", "sum", {"used": ONE_MORE}, within), Put(CORE, note, absent()))
        except Refused:
            return False
        return True

    CORE.put({"pk": "Q", "sk": "sum", "used": 0})
    with ThreadPoolExecutor(8) as pool:
        granted = sum(pool.map(spend, range(30)))
    assert granted == 10
    assert len(CORE.query("Q").rows) == 11
