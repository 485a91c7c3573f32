"""People whom a tenant's identity provider alone knows: their address is its word, so it leads to nothing of anybody's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.core.identity import Role
from infra.local.saml.reply import Somebody
from tests.fakes.saml import SamlBrowser, desk, set_up
from tests.journeys.shop import Shop
from tests.world import PASSWORD, add_member

_NAME = "Grace of the canaries 77b1"


@pytest.fixture
def sso(shop: Shop) -> SamlBrowser:
    """Of Cyd's company."""
    idp, owner = desk(), shop.world.cyd
    set_up(shop.world.client, owner, idp)
    return SamlBrowser(shop.world.client, idp, owner.tenant_id)


def _speaking_of(shop: Shop, *words: str) -> list[str]:
    rows = [json.dumps(row, default=lambda raw: raw.decode("latin-1")) for row in shop.world.aws.rows()]
    return [row for row in rows if any(word in row for word in words) and '"pk": "A#' not in row]


def _rows(shop: Shop) -> set[tuple[str, str]]:
    return {(row["pk"], row["sk"]) for row in shop.world.aws.rows() if not row["pk"].startswith(("A#", "D#"))}


def _erase(shop: Shop, tokens: Any) -> None:
    answer = shop.world.client.delete("/v1/me", as_=tokens["access_token"])
    assert answer.status == 202, answer.text
    shop.settle()


def test_who_goes_takes_nothing_of_anybody_else_along(shop: Shop, sso: SamlBrowser) -> None:
    """Also of the one who has proven the very address that the identity provider says is theirs."""
    cyd, ada = shop.world.cyd, shop.owner
    invited = {"email": "guest@example.com", "role": "agent"}
    assert shop.world.client.post("/v1/invitations", as_=cyd, json=invited).status == 201
    shop.gather(3)
    stays = sso.sign_in(Somebody("henry@example.com"))
    before = _rows(shop)
    tokens = sso.sign_in(Somebody(ada.email, name=_NAME))
    _erase(shop, tokens)
    assert _speaking_of(shop, tokens["user"]["id"], _NAME) == []
    assert before - _rows(shop) == set()
    for person in (ada, cyd, shop.world.ben):
        given = {"email": person.email, "password": PASSWORD}
        assert shop.world.client.post("/v1/auth/login", json=given).status == 200
    assert sso.sign_in(Somebody("henry@example.com"))["user"]["id"] == stays["user"]["id"]


def test_who_comes_back_is_somebody_new(shop: Shop, sso: SamlBrowser) -> None:
    first = sso.sign_in(Somebody("grace@example.com", name=_NAME))
    _erase(shop, first)
    assert sso.sign_in(Somebody("grace@example.com"))["user"]["id"] != first["user"]["id"]


def test_a_namesake_who_has_proven_the_address_leaves_them_alone(shop: Shop, sso: SamlBrowser) -> None:
    dora = add_member("Dora", shop.owner, Role.EDITOR, shop.world.clock)
    namesake = sso.sign_in(Somebody(dora.email))
    assert namesake["user"]["id"] != dora.user_id
    assert shop.world.client.delete("/v1/me", as_=dora).status == 202
    shop.settle()
    assert _speaking_of(shop, dora.user_id) == []
    assert sso.sign_in(Somebody(dora.email))["user"]["id"] == namesake["user"]["id"]


def test_a_member_who_also_comes_by_sso_goes_with_that_door(shop: Shop, sso: SamlBrowser) -> None:
    dora = add_member("Dora", shop.world.cyd, Role.EDITOR, shop.world.clock)
    code = sso.code_for(Somebody(dora.email))
    assert sso.exchange(code, password=PASSWORD).json()["user"]["id"] == dora.user_id
    waiting = sso.code_for(Somebody(dora.email, name=_NAME))  # and never exchanged
    assert shop.world.client.delete("/v1/me", as_=dora).status == 202
    shop.settle()
    assert _speaking_of(shop, dora.user_id, dora.email, _NAME) == []
    assert sso.exchange(waiting, password=PASSWORD).status == 401


def test_a_closed_account_takes_along_whom_only_it_has_known(shop: Shop, sso: SamlBrowser) -> None:
    """Members and those it has removed; and nobody else's people."""
    cyd, client = shop.world.cyd, shop.world.client
    member, removed = sso.sign_in(Somebody("grace@example.com", name=_NAME)), sso.sign_in(Somebody("h@example.com"))
    assert client.delete(f"/v1/members/{removed['user']['id']}", as_=cyd).status == 204
    before = {key for key in _rows(shop) if cyd.tenant_id not in "".join(key)}
    assert client.delete("/v1/tenant", as_=cyd).status == 202
    shop.settle()
    shop.world.clock.advance(minutes=30 * 24 * 60 + 1)
    shop.pass_time(minutes=2)
    gone = [cyd.tenant_id, cyd.user_id, member["user"]["id"], removed["user"]["id"]]
    assert _speaking_of(shop, *gone, _NAME, "h@example.com") == []
    assert {f"USER#{person.user_id}" for person in (shop.owner, shop.world.ben)} <= {
        pk for pk, _ in before & _rows(shop)
    }
    assert client.get(f"/v1/sites/{shop.site['id']}", as_=shop.bearer).status == 200
