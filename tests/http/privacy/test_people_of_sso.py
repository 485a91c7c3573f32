"""People whom a tenant's identity provider alone knows: their address is its word, so it leads to nothing of anybody's."""

from __future__ import annotations

import json

import pytest

from chalicelib.core.identity import Role
from infra.local.saml.reply import Somebody
from tests.fakes.saml import SamlBrowser, desk, set_up
from tests.journeys.shop import Shop
from tests.world import PASSWORD, add_member

_NAME = "Grace of the canaries 77b1"
_MAY = ('{"pk": "A#', '{"pk": "BUCKET#')  # the audit log, and counters of minutes: bare ids


@pytest.fixture
def sso(shop: Shop) -> SamlBrowser:
    """Of Cyd's company."""
    idp, owner = desk(), shop.world.cyd
    set_up(shop.world.client, owner, idp)
    return SamlBrowser(shop.world.client, idp, owner.tenant_id)


def _speaking_of(shop: Shop, *words: str) -> list[str]:
    rows = [json.dumps(row, default=lambda raw: raw.decode("latin-1")) for row in shop.world.aws.rows()]
    return [row for row in rows if any(word in row for word in words) and not row.startswith(_MAY)]


def test_they_are_told_to_go_by_whoever_has_let_them_in(shop: Shop, sso: SamlBrowser) -> None:
    """Their session is good for that tenant only: neither do they end an account that is not their own."""
    tokens = sso.sign_in(Somebody("grace@example.com"))
    answer = shop.world.client.delete("/v1/me", as_=tokens["access_token"])
    assert (answer.status, answer.json()["code"]) == (403, "sso_session")


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


def test_a_closed_account_takes_along_whom_only_it_has_known_and_nothing_else(shop: Shop, sso: SamlBrowser) -> None:
    """Members and those it has removed. One of them has the very address that Ada has proven: she keeps everything."""
    cyd, ada, client = shop.world.cyd, shop.owner, shop.world.client
    shop.gather(3)
    member, removed = sso.sign_in(Somebody(ada.email, name=_NAME)), sso.sign_in(Somebody("henrietta@example.com"))
    assert member["user"]["id"] != ada.user_id
    assert client.delete(f"/v1/members/{removed['user']['id']}", as_=cyd).status == 204
    gone = [cyd.tenant_id, cyd.user_id, member["user"]["id"], removed["user"]["id"]]
    before = {key for key in _lasting(shop) if not any(each in "".join(key) for each in gone)}
    assert client.delete("/v1/tenant", as_=cyd).status == 202
    shop.settle()
    shop.world.clock.advance(minutes=30 * 24 * 60 + 18)
    shop.pass_time(minutes=4)
    assert _speaking_of(shop, *gone, _NAME, "henrietta@example.com") == []
    lost = before - _lasting(shop)
    assert [pk.partition("#")[0] for pk, _ in lost] == ["EMAIL"]  # Cyd's own claim
    given = {"email": ada.email, "password": PASSWORD}
    assert client.post("/v1/auth/login", json=given).status == 200
    assert len(shop.ask("GET", shop.audience)["data"]) == 3


def _lasting(shop: Shop) -> set[tuple[str, str]]:
    return {(row["pk"], row["sk"]) for row in shop.world.aws.rows() if "ttl" not in row and row["pk"][:2] != "D#"}
