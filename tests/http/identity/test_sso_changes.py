"""When a tenant's identity provider is changed or taken away: who may, and what it has opened before (SECURITY 13)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import jwt
import pytest

from chalicelib.core.identity import Role
from infra.local.saml.reply import Somebody
from tests.fakes.saml import SamlBrowser, code_in, desk, set_up
from tests.world import Person, World, add_member

GRACE = Somebody("grace@example.com", name="Grace Hopper")


def by_hand(sso: SamlBrowser, *certificates: str) -> dict[str, Any]:
    idp = sso.idp
    return {"metadata": None, "entity_id": idp.entity_id, "sso_url": idp.sso_url, "certificates": list(certificates)}


def refreshed(world: World, tokens: Any) -> Any:
    return world.client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})


@pytest.fixture
def eve(world: World) -> Person:
    return add_member("Eve", world.ada, Role.ADMIN, world.clock)


# --- Who may lift it ---


def test_what_an_owner_has_required_no_admin_lifts(world: World, sso: SamlBrowser, eve: Person) -> None:
    """By removing it, and naming another without the word."""
    set_up(world.client, world.ada, sso.idp, required=True, default_role="admin")
    by_sso = sso.sign_in(GRACE)["access_token"]
    for admin, code in ((by_sso, "forbidden"), (eve, "sso_required")):
        refused = world.client.delete("/v1/tenant/sso", as_=admin)
        assert (refused.status, refused.code) == (403, code)
    world.client.put("/v1/tenant/sso", as_=by_sso, json={"metadata": desk("mallory").metadata()})
    assert world.client.get("/v1/tenant", as_=world.ada).json()["require_sso"] is True
    assert world.client.delete("/v1/tenant/sso", as_=world.ada).status == 204
    assert world.client.get("/v1/tenant", as_=world.ada).json()["require_sso"] is False


def test_what_nobody_has_required_an_admin_removes(world: World, sso: SamlBrowser, eve: Person) -> None:
    assert world.client.delete("/v1/tenant/sso", as_=eve).status == 204


# --- What it has opened before ---


def test_sessions_end_with_the_identity_provider_that_opened_them(world: World, sso: SamlBrowser) -> None:
    set_up(world.client, world.ada, sso.idp, default_role="admin")
    tokens = sso.sign_in(GRACE)
    set_up(world.client, world.ada, desk("successor"))
    assert refreshed(world, tokens).code == "invalid_token"
    key = {"name": "mine", "scopes": ["sites:read"]}
    assert world.client.post("/v1/api-keys", as_=tokens["access_token"], json=key).code == "invalid_token"
    assert refreshed(world, {"refresh_token": world.ada.refresh_token}).status == 200


def test_sessions_end_with_the_certificate_that_was_taken_away(world: World, sso: SamlBrowser) -> None:
    old, new = sso.idp.key.pem, desk("successor").key.pem
    tokens = sso.sign_in(GRACE)
    set_up(world.client, world.ada, sso.idp, **by_hand(sso, old, new))
    again = refreshed(world, tokens)
    assert again.status == 200  # one more is no reason
    set_up(world.client, world.ada, sso.idp, **by_hand(sso, new))
    assert refreshed(world, again.json()).code == "invalid_token"


def test_sessions_do_not_come_back_with_it(world: World, sso: SamlBrowser) -> None:
    tokens = sso.sign_in(GRACE)
    assert world.client.delete("/v1/tenant/sso", as_=world.ada).status == 204
    assert refreshed(world, tokens).code == "invalid_token"
    set_up(world.client, world.ada, sso.idp)
    assert refreshed(world, tokens).code == "invalid_token"
    assert refreshed(world, sso.sign_in(GRACE)).status == 200


@pytest.mark.parametrize("change", ["a certificate", "a role", "nothing", "removed and named again"])
def test_codes_end_with_the_settings_that_they_came_by(world: World, sso: SamlBrowser, change: str) -> None:
    code = sso.code_for(GRACE)
    more: dict[str, Any] = {"default_role": None} if change == "a role" else {}
    if change == "a certificate":
        more = by_hand(sso, desk("successor").key.pem)
    if change == "removed and named again":
        assert world.client.delete("/v1/tenant/sso", as_=world.ada).status == 204
    set_up(world.client, world.ada, sso.idp, **more)
    assert sso.exchange(code).code == "invalid_token"


# --- When the session there is over ---


def test_a_code_of_a_session_that_is_over_there_opens_nothing(world: World, sso: SamlBrowser) -> None:
    until = world.clock.now() + timedelta(seconds=30)
    code = code_in(sso.bring_signed(sso.reply(GRACE, session_until=until)))
    world.clock.advance(seconds=30)
    assert sso.exchange(code).code == "invalid_token"


def test_no_access_token_outlives_the_session_there(world: World, sso: SamlBrowser) -> None:
    until = world.clock.now() + timedelta(minutes=5)
    tokens = sso.sign_in(GRACE, session_until=until)
    assert tokens["expires_in"] == 300
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert claims["exp"] == int(until.timestamp())
    assert refreshed(world, tokens).json()["expires_in"] == 300
    assert sso.sign_in(GRACE)["expires_in"] == 900
