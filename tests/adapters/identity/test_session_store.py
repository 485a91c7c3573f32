"""What every store of sessions must do, and the real one under faults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import pytest

from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import Stale
from chalicelib.features.identity.model.session import Ending
from chalicelib.features.identity.service.addresses import Forgiveness
from chalicelib.features.identity.service.own_account import OwnSessionStore
from chalicelib.features.identity.service.proof import ProvenStore
from chalicelib.features.identity.service.sessions import SessionStore
from chalicelib.features.identity.store.session import SessionRows
from tests.adapters.aws.faults import Faults
from tests.adapters.identity.people_and_keys import LATER, a_session
from tests.fakes.identity import MemorySessions

if TYPE_CHECKING:
    from tests.fakes.installation import Installation


class Store(SessionStore, ProvenStore, OwnSessionStore, Forgiveness, Protocol):
    """Everything the services ask of sessions."""


@pytest.fixture(params=["memory", "rows"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "memory":
        yield MemorySessions()
    else:
        request.getfixturevalue("aws")
        yield SessionRows()


def test_a_session_comes_back_as_it_went_in(store: Store) -> None:
    session = a_session()
    store.put(session)
    assert store.get("usr_ada", session.id) == session
    assert store.get("usr_cyd", session.id) is None


def test_one_of_two_rotates_a_session(store: Store) -> None:
    session = a_session()
    store.put(session)
    rotated = store.rotate(session, tenant_id="ten_other", now=LATER)
    assert rotated == replace(session, generation=2, rotated_at=LATER, tenant_id="ten_other", rev=2)
    assert store.get("usr_ada", session.id) == rotated
    for too_late in (
        lambda: store.rotate(session, tenant_id="ten_ada", now=LATER),
        lambda: store.end(session, ending=Ending.LOGOUT),
    ):
        with pytest.raises(Stale):
            too_late()


def test_a_session_ends(store: Store) -> None:
    session = a_session()
    store.put(session)
    store.end(session, ending=Ending.REUSE)
    assert store.get("usr_ada", session.id) == replace(session, ended=Ending.REUSE, rev=2)


def test_a_session_that_is_not_there_cannot_change(store: Store) -> None:
    with pytest.raises(Stale):
        store.end(a_session(), ending=Ending.LOGOUT)


def test_all_sessions_of_one_user_are_found(store: Store) -> None:
    mine = sorted((a_session() for _ in range(3)), key=lambda session: session.id)
    for session in [*mine, a_session("usr_cyd")]:
        store.put(session)
    first = store.of_user("usr_ada", limit=2, position=None)
    second = store.of_user("usr_ada", limit=2, position=first.position)
    assert [*first.rows, *second.rows] == mine
    assert second.position is None


def test_attempts_are_counted_and_forgiven(store: Store) -> None:
    session = a_session()
    store.put(session)
    counted = store.count_attempt(session, mark="one")
    assert counted == replace(session, attempts=1, last_attempt="one", rev=2)
    with pytest.raises(Stale):
        store.count_attempt(session, mark="two")
    again = store.count_attempt(counted, mark="two")
    assert store.get("usr_ada", session.id) == again
    assert store.forgive_attempts(again) == replace(again, attempts=0, rev=4)
    assert store.get("usr_ada", session.id) == replace(again, attempts=0, rev=4)
    with pytest.raises(Stale):
        store.forgive_attempts(again)


def test_a_session_that_is_proven_goes_on_and_is_fresh(store: Store) -> None:
    session = a_session()
    store.put(session)
    proven = store.prove(store.count_attempt(session, mark="one"), now=LATER)
    assert (proven.generation, proven.rotated_at, proven.proven_at, proven.attempts) == (2, LATER, LATER, 0)
    assert store.get("usr_ada", session.id) == proven
    with pytest.raises(Stale):
        store.prove(session, now=LATER)


def test_a_rotation_whose_answer_was_lost_counts_once(aws: Installation) -> None:
    rows, session = SessionRows(), a_session()
    rows.put(session)
    with Faults() as faults:
        faults.silence("dynamodb.UpdateItem")
        assert rows.rotate(session, tenant_id="ten_ada", now=LATER).generation == 2
    found = rows.get("usr_ada", session.id)
    assert found is not None
    assert found.generation == 2


def test_a_session_is_swept_away_when_its_last_token_is(aws: Installation) -> None:
    rows, session = SessionRows(), a_session()
    rows.put(session)
    rotated = rows.rotate(session, tenant_id="ten_ada", now=LATER)
    (row,) = aws.rows("core")
    assert row["ttl"] == in_seconds(rotated.expires_at)
