"""What every store of forgotten passwords must do, and the real one under faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import Stale
from chalicelib.features.identity.model.password_reset import PasswordReset, ask_for_reset
from chalicelib.features.identity.service.recovery import ResetStore
from chalicelib.features.identity.store.password_reset import PasswordResetRows
from tests.adapters.aws.faults import Faults
from tests.adapters.identity.people_and_keys import AT, LATER, a_user
from tests.fakes.identity import MemoryResets

if TYPE_CHECKING:
    from tests.fakes.installation import Installation


@pytest.fixture(params=["memory", "rows"])
def store(request: pytest.FixtureRequest) -> Iterator[ResetStore]:
    if request.param == "memory":
        yield MemoryResets()
    else:
        request.getfixturevalue("aws")
        yield PasswordResetRows()


def a_reset() -> PasswordReset:
    return ask_for_reset(mailbox="box-ada", user=a_user(), now=AT)


def test_the_newest_takes_the_place_of_the_one_before(store: ResetStore) -> None:
    first, second = a_reset(), ask_for_reset(mailbox="box-ada", user=None, now=LATER)
    assert store.at("box-ada") is None
    store.put(first, instead_of=None)
    assert store.at("box-ada") == first
    store.put(second, instead_of=first)
    assert store.at("box-ada") == second
    for known in (None, first):
        with pytest.raises(Stale):
            store.put(a_reset(), instead_of=known)
    assert store.at("box-cyd") is None


def test_one_whose_answer_was_lost_is_there_once(aws: Installation) -> None:
    rows, reset = PasswordResetRows(), a_reset()
    with Faults() as faults:
        faults.silence("dynamodb.PutItem")
        rows.put(reset, instead_of=None)
    assert rows.at("box-ada") == reset


def test_it_is_swept_away_after_it_is_void(aws: Installation) -> None:
    reset = a_reset()
    PasswordResetRows().put(reset, instead_of=None)
    (row,) = aws.rows("core")
    assert row["ttl"] > in_seconds(reset.expires_at)
    assert "ada@example.com" not in aws.dump()
