"""API keys: shown once, no more powerful than who makes them, and gone when revoked or expired."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.core.errors import Invalid, NotFound, Stale, Unavailable
from chalicelib.core.identity import ROLE_SCOPES, Mode, Principal, Role, Scope
from chalicelib.core.paging import BadCursor
from chalicelib.features.identity.model.api_key import IssuedKey, ScopeNotYours, draw_key, read_key
from chalicelib.features.identity.model.person import InvalidToken
from chalicelib.features.identity.model.signature import Signer
from chalicelib.features.identity.service.api_keys import ApiKeys
from chalicelib.features.identity.service.blocks import Blocks
from tests.fakes.identity import MemoryApiKeys, MemorySites
from tests.fakes.suspicion import MemoryBlocks
from tests.unit.identity.house import NOW

SITE = "site_adas"
ADA = Principal(subject="usr_ada", tenant_id="ten_ada", scopes=ROLE_SCOPES[Role.OWNER], role=Role.OWNER)
BEN = Principal(subject="usr_ben", tenant_id="ten_ada", scopes=ROLE_SCOPES[Role.EDITOR], role=Role.EDITOR)


@pytest.fixture
def store() -> MemoryApiKeys:
    return MemoryApiKeys()


@pytest.fixture
def keys(store: MemoryApiKeys) -> ApiKeys:
    return ApiKeys(
        store=store,
        blocks=Blocks(store=MemoryBlocks(), cursor_secret=lambda: "pepper"),
        sites=MemorySites(("ten_ada", SITE)),
        signer=Signer(lambda: "pepper", "api key"),
        cursor_secret=lambda: "pepper",
    )


def make(keys: ApiKeys, *scopes: Scope, **words: object) -> IssuedKey:
    asked = {"creator": ADA, "name": "CI", "scopes": scopes or (Scope.SITES_READ,), "now": NOW, **words}
    return keys.create(**asked)  # type: ignore[arg-type]  # words of create


def test_a_key_lets_in_with_what_it_was_given(keys: ApiKeys) -> None:
    issued = make(keys, Scope.SITES_READ, Scope.CAMPAIGNS_SEND, site_id=SITE, mode=Mode.TEST)
    assert issued.key.startswith(f"ps_test_{issued.api_key.prefix}_")
    principal = keys.authenticate(issued.key, now=NOW)
    assert principal == Principal(
        subject=issued.api_key.id,
        tenant_id="ten_ada",
        scopes=frozenset({Scope.SITES_READ, Scope.CAMPAIGNS_SEND}),
        mode=Mode.TEST,
        site_id=SITE,
    )
    assert not principal.is_user


def test_the_operators_key_belongs_to_no_tenant(keys: ApiKeys) -> None:
    principal = keys.authenticate(keys.issue_operator_key(name="night shift", now=NOW).key, now=NOW)
    assert (principal.tenant_id, principal.is_operator, principal.is_user) == ("", True, False)


@pytest.mark.parametrize("scope", [Scope.OPS, Scope.BILLING_WRITE, Scope.TEAM_WRITE])
def test_a_key_can_do_no_more_than_who_makes_it(keys: ApiKeys, store: MemoryApiKeys, scope: Scope) -> None:
    with pytest.raises(ScopeNotYours) as refused:
        make(keys, Scope.SITES_READ, scope, creator=BEN)
    assert refused.value.facts["scope"] == scope
    assert store.keys == {}


def test_a_key_is_bound_to_a_site_of_its_own_tenant(keys: ApiKeys) -> None:
    with pytest.raises(NotFound):
        make(keys, site_id="site_cyds")


def test_a_key_expires(keys: ApiKeys) -> None:
    issued = make(keys, expires_at=NOW + timedelta(hours=1))
    keys.authenticate(issued.key, now=NOW + timedelta(minutes=59))
    with pytest.raises(InvalidToken):
        keys.authenticate(issued.key, now=NOW + timedelta(hours=1))
    with pytest.raises(Invalid):
        make(keys, expires_at=NOW)


def test_a_revoked_key_opens_nothing(keys: ApiKeys, store: MemoryApiKeys) -> None:
    issued = make(keys)
    for _ in range(2):
        keys.revoke(tenant_id="ten_ada", key_id=issued.api_key.id, now=NOW)
    assert store.keys[issued.api_key.prefix].rev == 2
    with pytest.raises(InvalidToken):
        keys.authenticate(issued.key, now=NOW)


@pytest.mark.parametrize(("tenant_id", "key_id"), [("ten_cyd", None), ("ten_ada", "key_unknown"), ("ten_ada", "")])
def test_nobody_revokes_what_is_not_theirs(keys: ApiKeys, tenant_id: str, key_id: str | None) -> None:
    issued = make(keys)
    with pytest.raises(NotFound):
        keys.revoke(tenant_id=tenant_id, key_id=issued.api_key.id if key_id is None else key_id, now=NOW)
    keys.authenticate(issued.key, now=NOW)


def test_a_key_in_use_can_be_revoked_all_the_same(keys: ApiKeys, store: MemoryApiKeys) -> None:
    issued = make(keys)
    store.rival = lambda: store.note_use(issued.api_key, now=NOW)
    keys.revoke(tenant_id="ten_ada", key_id=issued.api_key.id, now=NOW)
    assert store.keys[issued.api_key.prefix].revoked_at == NOW


def test_a_crowd_is_told_to_come_back(keys: ApiKeys, store: MemoryApiKeys) -> None:
    issued = make(keys)

    def push_in() -> None:
        key = store.keys[issued.api_key.prefix]
        store.keys[key.prefix] = replace(key, rev=key.rev + 1)
        store.rival = push_in

    store.rival = push_in
    with pytest.raises(Stale):
        keys.revoke(tenant_id="ten_ada", key_id=issued.api_key.id, now=NOW)


def test_use_is_noted_now_and_then(keys: ApiKeys, store: MemoryApiKeys) -> None:
    issued = make(keys)
    noted = []
    for minutes in (0, 4, 5, 9):
        keys.authenticate(issued.key, now=NOW + timedelta(minutes=minutes))
        noted.append(store.keys[issued.api_key.prefix].last_used_at)
    assert noted == [NOW, NOW, NOW + timedelta(minutes=5), NOW + timedelta(minutes=5)]


@pytest.mark.parametrize("fault", [Stale, Unavailable])
def test_a_use_that_cannot_be_noted_is_a_use_all_the_same(
    keys: ApiKeys, store: MemoryApiKeys, fault: type[Exception]
) -> None:
    issued = make(keys)

    def fail() -> None:
        raise fault

    store.rival = fail
    assert keys.authenticate(issued.key, now=NOW).subject == issued.api_key.id


def test_every_changed_character_makes_it_another_key(keys: ApiKeys) -> None:
    text = make(keys).key
    for position, character in enumerate(text):
        forged = f"{text[:position]}{'x' if character != 'x' else 'y'}{text[position + 1 :]}"
        with pytest.raises(InvalidToken):
            keys.authenticate(forged, now=NOW)


@pytest.mark.parametrize("text", ["", "ps_live_", "ps_live_abcdefgh_", "ps_prod_abcdefgh_" + "a" * 52, "Bearer x"])
def test_what_is_no_key_is_refused(keys: ApiKeys, text: str) -> None:
    with pytest.raises(InvalidToken):
        keys.authenticate(text, now=NOW)


def test_a_test_key_does_not_pass_for_a_live_one(keys: ApiKeys) -> None:
    text = make(keys, mode=Mode.TEST).key
    with pytest.raises(InvalidToken):
        keys.authenticate(text.replace("ps_test_", "ps_live_"), now=NOW)


def test_a_taken_prefix_is_drawn_again(keys: ApiKeys, store: MemoryApiKeys) -> None:
    store.taken = 2
    assert keys.authenticate(make(keys).key, now=NOW).tenant_id == "ten_ada"
    store.taken = 99
    with pytest.raises(Unavailable):
        make(keys)


def test_keys_are_listed_by_birth_page_by_page(keys: ApiKeys) -> None:
    made = sorted(make(keys).api_key.id for _ in range(3))
    first = keys.list(tenant_id="ten_ada", limit=2, cursor=None)
    second = keys.list(tenant_id="ten_ada", limit=2, cursor=first.position)
    assert [key.id for page in (first, second) for key in page.rows] == made
    assert second.position is None
    assert keys.list(tenant_id="ten_cyd", limit=2, cursor=None).rows == []
    with pytest.raises(BadCursor):
        keys.list(tenant_id="ten_cyd", limit=2, cursor=first.position)


def test_a_key_reads_as_it_is_written() -> None:
    drawn = draw_key(Mode.LIVE)
    assert read_key(str(drawn)) == drawn
    assert len(str(drawn)) == len("ps_live_12345678_") + 52
