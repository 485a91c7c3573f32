"""What a warm function remembers of keys: long enough to spare look-ups, never longer than revoking may take."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.core.identity import ROLE_SCOPES, Principal, Role, Scope
from chalicelib.core.suspicion import KEY_ADDRESSES, Block, Consequence
from chalicelib.features.identity.model.api_key import ApiKey, IssuedKey
from chalicelib.features.identity.model.person import InvalidToken
from chalicelib.features.identity.model.signature import Signer
from chalicelib.features.identity.service.api_keys import ApiKeys
from chalicelib.features.identity.service.blocks import Blocks
from chalicelib.features.identity.service.key_memory import KNOWN_FOR, MOST_KEYS, KeyMemory
from tests.fakes.identity import MemoryApiKeys, MemorySites
from tests.fakes.suspicion import MemoryBlocks
from tests.unit.identity.house import NOW

ADA = Principal(subject="usr_ada", tenant_id="ten_ada", scopes=ROLE_SCOPES[Role.OWNER], role=Role.OWNER)


class CountingKeys(MemoryApiKeys):
    def __init__(self) -> None:
        super().__init__()
        self.looked_up = 0

    def at(self, prefix: str) -> ApiKey | None:
        self.looked_up += 1
        return super().at(prefix)

    def with_block(self, key: ApiKey) -> tuple[ApiKey | None, Block | None]:
        self.looked_up += 1
        return super().with_block(key)


def a_function(store: MemoryApiKeys, blocks: Blocks | None = None) -> ApiKeys:
    """Each has a memory of its own."""
    return ApiKeys(
        store=store,
        blocks=blocks or Blocks(store=MemoryBlocks(), cursor_secret=lambda: "pepper"),
        sites=MemorySites(),
        signer=Signer(lambda: "pepper", "api key"),
        cursor_secret=lambda: "pepper",
    )


def make(keys: ApiKeys, **words: object) -> IssuedKey:
    return keys.create(creator=ADA, name="CI", scopes=[Scope.SITES_READ], now=NOW, **words)  # type: ignore[arg-type]  # words of create


def test_a_warm_key_is_not_looked_up() -> None:
    store = CountingKeys()
    keys = a_function(store)
    issued = make(keys)
    for second in range(20):
        keys.authenticate(issued.key, now=NOW + timedelta(seconds=second))
    assert store.looked_up == 1
    keys.authenticate(issued.key, now=NOW + KNOWN_FOR)
    assert store.looked_up == 2


def test_what_blocks_a_key_comes_with_it_from_the_second_time_on() -> None:
    store, asked = CountingKeys(), MemoryBlocks()
    blocks = Blocks(store=asked, cursor_secret=lambda: "pepper")
    keys = a_function(store, blocks)
    issued = make(keys)
    key, later = issued.api_key, NOW + KNOWN_FOR
    keys.authenticate(issued.key, now=NOW)
    assert blocks.of(key.id, now=NOW) is None
    assert asked.calls == ["standing block"]
    until = later + timedelta(seconds=5)
    block = Block("blk_1", "ten_ada", key.id, KEY_ADDRESSES.name, Consequence.BLOCK, since=later, until=until)
    store.blocks[key.id] = block
    keys.authenticate(issued.key, now=later)
    assert blocks.of(key.id, now=later) == block
    assert blocks.of(key.id, now=until) is None  # it was over before anybody asked again
    assert asked.calls == ["standing block"]
    assert store.looked_up == 2


def test_a_guess_at_the_secret_of_a_blocked_key_hides_nothing() -> None:
    store, asked = CountingKeys(), MemoryBlocks()
    blocks = Blocks(store=asked, cursor_secret=lambda: "pepper")
    keys = a_function(store, blocks)
    issued = make(keys)
    keys.authenticate(issued.key, now=NOW)
    later = NOW + KNOWN_FOR
    store.blocks[issued.api_key.id] = Block(
        "blk_1", "ten_ada", issued.api_key.id, KEY_ADDRESSES.name, Consequence.BLOCK, since=NOW, until=later + KNOWN_FOR
    )
    with pytest.raises(InvalidToken):
        keys.authenticate(issued.key[:-1] + ("0" if issued.key[-1] != "0" else "1"), now=later)
    assert blocks.of(issued.api_key.id, now=later) is not None


def test_what_is_revoked_elsewhere_is_good_for_half_a_minute_at_most() -> None:
    store = CountingKeys()
    here, elsewhere = a_function(store), a_function(store)
    issued = make(here)
    here.authenticate(issued.key, now=NOW)
    elsewhere.revoke(tenant_id="ten_ada", key_id=issued.api_key.id, now=NOW)
    with pytest.raises(InvalidToken):
        elsewhere.authenticate(issued.key, now=NOW)
    assert timedelta(seconds=30) > KNOWN_FOR
    with pytest.raises(InvalidToken):
        here.authenticate(issued.key, now=NOW + KNOWN_FOR)


def test_what_is_revoked_here_is_good_no_more() -> None:
    keys = a_function(MemoryApiKeys())
    issued = make(keys)
    keys.authenticate(issued.key, now=NOW)
    keys.revoke(tenant_id="ten_ada", key_id=issued.api_key.id, now=NOW)
    with pytest.raises(InvalidToken):
        keys.authenticate(issued.key, now=NOW)


def test_a_remembered_key_still_expires_and_still_wants_its_secret() -> None:
    keys = a_function(MemoryApiKeys())
    issued = make(keys, expires_at=NOW + timedelta(seconds=5))
    keys.authenticate(issued.key, now=NOW)
    with pytest.raises(InvalidToken):
        keys.authenticate(issued.key[:-1] + ("0" if issued.key[-1] != "0" else "1"), now=NOW)
    with pytest.raises(InvalidToken):
        keys.authenticate(issued.key, now=NOW + timedelta(seconds=5))


def test_guesses_are_not_remembered() -> None:
    store = CountingKeys()
    keys = a_function(store)
    issued = make(keys)
    guess = issued.key[:-1] + ("0" if issued.key[-1] != "0" else "1")
    for _ in range(3):
        with pytest.raises(InvalidToken):
            keys.authenticate(guess, now=NOW)
    assert store.looked_up == 3


def test_a_clock_that_is_set_back_makes_nothing_last() -> None:
    memory, key = KeyMemory(), make(a_function(MemoryApiKeys())).api_key
    memory.keep(key, now=NOW)
    assert memory.recall(key.prefix, now=NOW) == key
    assert memory.recall(key.prefix, now=NOW - timedelta(seconds=1)) is None


def test_so_many_are_remembered_and_no_more() -> None:
    memory, keys = KeyMemory(), a_function(MemoryApiKeys())
    made = [make(keys).api_key for _ in range(MOST_KEYS + 1)]
    for key in made:
        memory.keep(key, now=NOW)
    remembered = [key for key in made if memory.recall(key.prefix, now=NOW)]
    assert remembered == made[-1:]
