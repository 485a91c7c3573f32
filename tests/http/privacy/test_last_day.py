"""The last day of an account: who came in a moment before leaves nothing behind, and nobody comes in any more."""

from __future__ import annotations

import json

import pytest

from infra.local.saml.reply import Somebody
from tests.fakes.gateway import HttpAnswer
from tests.fakes.saml import SamlBrowser, desk, set_up
from tests.journeys.shop import Shop
from tests.world import PASSWORD, Person

_MONTH_MINUTES = 30 * 24 * 60


def _sign_in(shop: Shop, who: Person) -> HttpAnswer:
    return shop.world.client.post("/v1/auth/login", json={"email": who.email, "password": PASSWORD})


def _token(shop: Shop, who: Person) -> str:
    return str(_sign_in(shop, who).json()["access_token"])


def _close(shop: Shop) -> None:
    assert shop.world.client.delete("/v1/tenant", as_=shop.owner).status == 202
    shop.settle()


def _rows(shop: Shop) -> list[str]:
    rows = [json.dumps(row, default=lambda raw: raw.decode("latin-1")) for row in shop.world.aws.rows()]
    return [row for row in rows if shop.owner.tenant_id in row]


def test_what_a_token_of_the_last_minute_makes_goes_too(shop: Shop, capfd: pytest.CaptureFixture[str]) -> None:
    _close(shop)
    shop.world.clock.advance(minutes=_MONTH_MINUTES - 1)
    token = _token(shop, shop.owner)
    made = []
    for number in range(17):
        answer = shop.world.client.post("/v1/sites", as_=token, json={"name": "s", "url": f"https://{number}.example"})
        key = shop.world.client.post("/v1/api-keys", as_=token, json={"name": "k", "scopes": ["sites:write"]})
        made.append((answer.status, key.status))
        shop.pass_time(minutes=1)
    assert made[2] == (201, 201)
    assert made[-1] == (401, 401)
    shop.pass_time(minutes=5)
    assert _rows(shop) == []
    answer = shop.world.client.post("/v1/sites", as_=token, json={"name": "s", "url": "https://late.example"})
    assert (answer.status, _rows(shop)) == (401, [])
    assert "audit_chain_broken" not in capfd.readouterr().out


def test_who_is_invited_comes_in_no_more_once_the_last_day_is_over(shop: Shop) -> None:
    _close(shop)
    shop.world.clock.advance(minutes=_MONTH_MINUTES - 60)
    asked = {"email": "newbie@example.com", "role": "editor"}
    assert shop.world.client.post("/v1/invitations", as_=_token(shop, shop.owner), json=asked).status == 201
    token = shop.world.mail_to("newbie@example.com")[-1].text.partition("token=")[2].split()[0]
    shop.world.clock.advance(minutes=60)
    given = {"token": token, "password": PASSWORD}
    assert shop.world.client.post("/v1/invitations/accept", json=given).status == 404
    assert [row for row in shop.world.aws.rows("core") if row["pk"].startswith("USER#") and "newbie" in str(row)] == []


def test_who_comes_by_the_identity_provider_comes_in_no_more(shop: Shop) -> None:
    idp = desk()
    set_up(shop.world.client, shop.owner, idp)
    _close(shop)
    shop.world.clock.advance(minutes=_MONTH_MINUTES)
    work = SamlBrowser(shop.world.client, idp, shop.owner.tenant_id)
    answer = work.exchange(work.code_for(Somebody("newbie@example.com")))
    assert (answer.status, answer.json()["code"]) == (403, "no_tenant")
    assert [row for row in shop.world.aws.rows("core") if row["pk"].startswith("USER#") and "newbie" in str(row)] == []


def test_who_was_a_member_comes_in_no_more(shop: Shop) -> None:
    _close(shop)
    shop.world.clock.advance(minutes=_MONTH_MINUTES - 1)
    tokens = _sign_in(shop, shop.owner).json()
    shop.world.clock.advance(minutes=1)
    assert (_sign_in(shop, shop.owner).status, _sign_in(shop, shop.owner).json()["code"]) == (403, "no_tenant")
    again = shop.world.client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert again.status == 401
    stepped = shop.world.client.post("/v1/auth/step-up", as_=tokens["access_token"], json={"password": PASSWORD})
    assert stepped.status == 401
