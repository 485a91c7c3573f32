"""What every store of API keys must do, and the real one under faults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import Stale, Unavailable
from chalicelib.core.suspicion import KEY_ADDRESSES, Block, Consequence
from chalicelib.features.identity.model.api_key import REVOKED_KEPT_FOR
from chalicelib.features.identity.service.api_keys import ApiKeyStore
from chalicelib.features.identity.store.api_key import ApiKeyRows
from chalicelib.features.identity.store.suspicion import BlockRows
from tests.adapters.aws.faults import Faults
from tests.adapters.identity.people_and_keys import LATER, a_key
from tests.fakes.identity import MemoryApiKeys

if TYPE_CHECKING:
    from tests.fakes.installation import Installation

HOUR = timedelta(hours=1)


@pytest.fixture(params=["memory", "rows"])
def store(request: pytest.FixtureRequest) -> Iterator[ApiKeyStore]:
    if request.param == "memory":
        yield MemoryApiKeys()
    else:
        request.getfixturevalue("aws")
        yield ApiKeyRows()


def test_a_key_comes_back_as_it_went_in(store: ApiKeyStore) -> None:
    key = a_key()
    assert store.put(key)
    assert store.at(key.prefix) == key
    assert store.get("ten_ada", key.id) == key
    assert store.get("ten_cyd", key.id) is None
    assert store.at("unknown1") is None


def test_a_key_as_it_stands_now_is_read_with_what_blocks_it(store: ApiKeyStore) -> None:
    key, other = a_key(), a_key()
    store.put(key)
    store.note_use(key, now=LATER)
    assert store.with_block(key) == (replace(key, last_used_at=LATER, rev=2), None)
    assert store.with_block(other) == (None, None)


def test_what_blocks_it_is_what_the_door_would_find(aws: Installation) -> None:
    key = a_key()
    block = Block("blk_1", "ten_ada", key.id, KEY_ADDRESSES.name, Consequence.BLOCK, since=LATER, until=LATER + HOUR)
    ApiKeyRows().put(key)
    BlockRows().put(block, now=LATER)
    assert ApiKeyRows().with_block(key) == (key, block)
    assert BlockRows().standing(key.id) == block
    assert ApiKeyRows().with_block(a_key()) == (None, None)


def test_an_operators_key_belongs_to_no_tenant(store: ApiKeyStore) -> None:
    key = replace(a_key(tenant_id=""), site_id=None, expires_at=None)
    assert store.put(key)
    assert store.at(key.prefix) == key
    assert store.get("", key.id) == key


def test_a_prefix_is_taken_once(store: ApiKeyStore) -> None:
    first, second = a_key(prefix="abcdefgh"), a_key(prefix="abcdefgh")
    assert store.put(first)
    assert store.put(second) is False
    assert store.at("abcdefgh") == first
    assert store.get("ten_ada", second.id) is None


def test_use_is_noted_by_one(store: ApiKeyStore) -> None:
    key = a_key()
    store.put(key)
    store.note_use(key, now=LATER)
    assert store.at(key.prefix) == replace(key, last_used_at=LATER, rev=2)
    with pytest.raises(Stale):
        store.note_use(key, now=LATER)


def test_a_key_is_revoked_by_one(store: ApiKeyStore) -> None:
    key = a_key()
    store.put(key)
    store.revoke(key, now=LATER)
    assert store.at(key.prefix) == replace(key, revoked_at=LATER, rev=2)
    with pytest.raises(Stale):
        store.revoke(key, now=LATER)


def test_keys_are_listed_by_birth_page_by_page(store: ApiKeyStore) -> None:
    keys = sorted((a_key() for _ in range(3)), key=lambda key: key.id)
    for key in [*keys, a_key("ten_cyd")]:
        store.put(key)
    first = store.of_tenant("ten_ada", limit=2, position=None)
    second = store.of_tenant("ten_ada", limit=2, position=first.position)
    assert [*first.rows, *second.rows] == keys
    assert second.position is None


def test_a_key_whose_answer_was_lost_is_there_once(aws: Installation) -> None:
    rows, key = ApiKeyRows(), a_key()
    with Faults() as faults:
        faults.silence("dynamodb.TransactWriteItems")
        assert rows.put(key)
        faults.silence("dynamodb.TransactWriteItems")
        rows.revoke(key, now=LATER)
    assert rows.at(key.prefix) == replace(key, revoked_at=LATER, rev=2)


def test_a_key_that_never_reached_the_table_is_not_there(aws: Installation) -> None:
    rows, key = ApiKeyRows(), a_key()
    with Faults() as faults:
        faults.reject("dynamodb.TransactWriteItems")
        with pytest.raises(Unavailable):
            rows.put(key)
    assert aws.rows() == []


def test_a_revoked_key_is_swept_away_after_a_while(aws: Installation) -> None:
    rows, key = ApiKeyRows(), a_key()
    rows.put(key)
    rows.revoke(key, now=LATER)
    assert {row["ttl"] for row in aws.rows("core")} == {in_seconds(LATER + REVOKED_KEPT_FOR)}
