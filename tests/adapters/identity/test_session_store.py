"""What every store of sessions must do, and the real one under faults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import Stale
from chalicelib.features.identity.model.session import Ending
from chalicelib.features.identity.service.sessions import SessionStore
from chalicelib.features.identity.store.session import SessionRows
from tests.adapters.aws.faults import Faults
from tests.adapters.identity.people_and_keys import LATER, a_session
from tests.fakes.identity import MemorySessions

if TYPE_CHECKING:
    from tests.fakes.installation import Installation


@pytest.fixture(params=["memory", "rows"])
def store(request: pytest.FixtureRequest) -> Iterator[SessionStore]:
    if request.param == "memory":
        yield MemorySessions()
    else:
        request.getfixturevalue("aws")
        yield SessionRows()


def test_a_session_comes_back_as_it_went_in(store: SessionStore) -> None:
    session = a_session()
    store.put(session)
    assert store.get("usr_ada", session.id) == session
    assert store.get("usr_cyd", session.id) is None


def test_one_of_two_rotates_a_session(store: SessionStore) -> None:
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


def test_a_session_ends(store: SessionStore) -> None:
    session = a_session()
    store.put(session)
    store.end(session, ending=Ending.REUSE)
    assert store.get("usr_ada", session.id) == replace(session, ended=Ending.REUSE, rev=2)


def test_a_session_that_is_not_there_cannot_change(store: SessionStore) -> None:
    with pytest.raises(Stale):
        store.end(a_session(), ending=Ending.LOGOUT)


def test_all_sessions_of_one_user_are_found(store: SessionStore) -> None:
    mine = sorted((a_session() for _ in range(3)), key=lambda session: session.id)
    for session in [*mine, a_session("usr_cyd")]:
        store.put(session)
    assert list(store.of_user("usr_ada")) == mine


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
