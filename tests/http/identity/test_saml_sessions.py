"""What a session of a tenant's identity provider may, which role it has, and who has to have one (SECURITY 13)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.identity import Role
from infra.local.saml.reply import Somebody
from tests.fakes.saml import SamlBrowser, desk, refused, set_up
from tests.http.identity.test_second_factor import switch_on
from tests.world import PASSWORD, World, add_member

GRACE = Somebody("grace@example.com", name="Grace Hopper")
BEN = Somebody("ben@example.com")


# --- What its session may ---


def test_its_session_is_for_this_tenant_and_about_nobody(world: World, sso: SamlBrowser) -> None:
    """Of a person with an account of their own, who has opened their membership."""
    as_ = sso.exchange(sso.code_for(BEN), password=PASSWORD).json()["access_token"]
    assert world.client.get("/v1/sites", as_=as_).status == 200
    asks: list[tuple[str, str, Any]] = [
        ("PATCH", "/v1/me", {"name": "Mallory"}),
        ("POST", "/v1/me/email", {"email": "mallory@example.com", "password": PASSWORD}),
        ("POST", "/v1/me/password", {"current_password": PASSWORD, "password": "another long password"}),
        ("GET", "/v1/me/sessions", None),
        ("DELETE", "/v1/me/sessions/ses_x", None),
        ("POST", "/v1/auth/logout-all", None),
        ("POST", "/v1/auth/switch", {"tenant_id": world.cyd.tenant_id}),
        ("POST", "/v1/auth/step-up", {"password": PASSWORD}),
        ("POST", "/v1/auth/totp", None),
        ("POST", "/v1/auth/totp/confirm", {"otp": "123456"}),
        ("DELETE", "/v1/auth/totp", None),
        ("POST", "/v1/auth/totp/recovery-codes", None),
    ]
    for method, path, body in asks:
        answer = world.client.request(method, path, as_=as_, json=body)
        assert (answer.status, answer.code) == (403, "sso_session"), path
    assert world.client.post("/v1/auth/logout", as_=as_).status == 204


def test_it_ends_after_twelve_hours_however_often_it_is_refreshed(world: World, sso: SamlBrowser) -> None:
    tokens = sso.sign_in(GRACE)
    for _ in range(11):
        world.clock.advance(minutes=60)
        answer = world.client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert answer.status == 200, answer.text
        tokens = answer.json()
    world.clock.advance(minutes=60)
    assert (
        world.client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).code == "invalid_token"
    )


def test_it_ends_when_the_identity_provider_says(world: World, sso: SamlBrowser) -> None:
    tokens = sso.sign_in(GRACE, session_until=world.clock.now() + timedelta(minutes=30))
    world.clock.advance(minutes=30)
    assert (
        world.client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).code == "invalid_token"
    )


def test_whom_only_it_knows_ends_what_was_stolen(world: World, sso: SamlBrowser) -> None:
    stolen, mine = sso.sign_in(GRACE), sso.sign_in(GRACE)
    assert world.client.post("/v1/auth/logout-all", as_=mine["access_token"]).status == 204
    refused = world.client.post("/v1/auth/refresh", json={"refresh_token": stolen["refresh_token"]})
    assert refused.code == "invalid_token"
    assert sso.exchange(sso.code_for(GRACE)).status == 200


def test_who_has_to_prove_it_once_more_is_told_where(world: World, sso: SamlBrowser, real_limits: None) -> None:
    """By what is dangerous, and by what looks odd."""
    set_up(world.client, world.ada, sso.idp, default_role="admin")
    place = f"/v1/auth/saml/{sso.tenant_id}/start?fresh=true"
    old = sso.sign_in(GRACE, authenticated_at=world.clock.now() - timedelta(minutes=11))["access_token"]
    assert place in world.client.delete("/v1/tenant/sso", as_=old).json()["detail"]
    for country in ("DE", "AU"):
        world.clock.advance(seconds=30)
        headers = {"CloudFront-Viewer-Country": country}
        answer = world.client.post("/v1/auth/saml/exchange", json={"code": sso.code_for(GRACE)}, headers=headers)
    asked = world.client.get("/v1/members", as_=answer.json()["access_token"])
    assert (asked.code, asked.json()["rule"]) == ("step_up_required", "impossible_travel")
    assert place in asked.json()["detail"]
    assert world.mail_to(GRACE.email) == []  # nobody has proven that address
    assert "looks odd" in world.mail_to("ada@example.com")[-1].subject
    world.clock.advance(seconds=30)
    assert world.client.get("/v1/members", as_=sso.sign_in(GRACE)["access_token"]).status == 200


def test_who_has_signed_out_everywhere_is_signed_out_of_it(world: World, sso: SamlBrowser) -> None:
    tokens = sso.exchange(sso.code_for(BEN), password=PASSWORD).json()
    assert world.client.post("/v1/auth/logout-all", as_=world.ben).status == 204
    assert (
        world.client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).code == "invalid_token"
    )


def test_what_is_dangerous_hangs_on_when_they_have_signed_in_there(world: World, sso: SamlBrowser) -> None:
    set_up(world.client, world.ada, sso.idp, default_role="admin")
    old = sso.sign_in(GRACE, authenticated_at=world.clock.now() - timedelta(minutes=11))["access_token"]
    assert world.client.delete("/v1/tenant/sso", as_=old).code == "step_up_required"
    early = sso.sign_in(GRACE, authenticated_at=world.clock.now() + timedelta(days=1))["access_token"]
    world.clock.advance(minutes=11)
    assert world.client.delete("/v1/tenant/sso", as_=early).code == "step_up_required"
    assert world.client.delete("/v1/tenant/sso", as_=sso.sign_in(GRACE)["access_token"]).status == 204


def test_a_second_factor_is_the_identity_providers_business(world: World, sso: SamlBrowser) -> None:
    phone, _ = switch_on(world, world.ada)
    login = {"email": "ada@example.com", "password": PASSWORD, "otp": phone.next()}
    owner = world.client.post("/v1/auth/login", json=login).json()["access_token"]
    assert world.client.patch("/v1/tenant", as_=owner, json={"require_second_factor": True}).status == 200
    assert world.client.get("/v1/members", as_=sso.sign_in(GRACE)["access_token"]).status == 403  # an agent
    set_up(world.client, owner, sso.idp, default_role="editor", role_attribute="groups")
    assert world.client.get("/v1/members", as_=sso.sign_in(GRACE)["access_token"]).status == 200


# --- Roles ---


def test_groups_give_roles_the_most_of_them_each_time(world: World, sso: SamlBrowser) -> None:
    roles = {"boss": "admin", "writers": "editor", "readers": "analyst"}
    set_up(world.client, world.ada, sso.idp, role_attribute="groups", roles=roles, default_role=None)
    assert sso.sign_in(Somebody(GRACE.email, groups=["readers", "writers", "others"]))["role"] == "editor"
    assert sso.sign_in(Somebody(GRACE.email, groups=["boss"]))["role"] == "admin"
    demoted = sso.sign_in(Somebody(GRACE.email, groups=["readers"]))
    assert demoted["role"] == "analyst"
    assert world.client.get("/v1/me", as_=demoted["access_token"]).json()["role"] == "analyst"
    assert sso.exchange(sso.code_for(Somebody(GRACE.email, groups=["Boss", "owner"]))).code == "sso_not_admitted"


def test_who_has_no_role_there_is_not_let_in(world: World, sso: SamlBrowser) -> None:
    set_up(world.client, world.ada, sso.idp, default_role=None)
    assert sso.exchange(sso.code_for(GRACE)).code == "sso_not_admitted"


@pytest.mark.parametrize("wish", [{"roles": {"boss": "owner"}}, {"default_role": "owner"}, {"default_role": "root"}])
def test_nobody_is_made_an_owner_by_groups(world: World, sso: SamlBrowser, wish: dict[str, Any]) -> None:
    asked = {"metadata": sso.idp.metadata(), **wish}
    assert world.client.put("/v1/tenant/sso", as_=world.ada, json=asked).status == 422


def test_a_role_that_changed_hands_holds_at_once_where_it_matters(world: World, sso: SamlBrowser) -> None:
    set_up(world.client, world.ada, sso.idp, role_attribute="groups", roles={"boss": "admin"}, default_role="agent")
    before = sso.sign_in(Somebody(GRACE.email, groups=["boss"]))["access_token"]
    sso.sign_in(GRACE)
    key = {"name": "mine", "scopes": ["sites:read"]}
    assert world.client.post("/v1/api-keys", as_=before, json=key).code == "token_expired"


# --- Required ---


def test_a_tenant_may_require_it_of_everybody_but_owners(world: World, sso: SamlBrowser) -> None:
    assert set_up(world.client, world.ada, sso.idp, required=True)["required"] is True
    login = {"email": "ben@example.com", "password": PASSWORD}
    as_ = world.client.post("/v1/auth/login", json=login).json()["access_token"]
    assert world.client.get("/v1/sites", as_=as_).code == "sso_required"
    assert world.client.get("/v1/me", as_=as_).status == 200
    assert world.client.get("/v1/sites", as_=world.ada).status == 200
    by_sso = sso.exchange(sso.code_for(BEN), password=PASSWORD).json()["access_token"]
    assert world.client.get("/v1/sites", as_=by_sso).status == 200
    set_up(world.client, world.ada, sso.idp)
    assert world.client.get("/v1/tenant", as_=world.ada).json()["require_sso"] is True  # what is left out stays
    set_up(world.client, world.ada, sso.idp, required=False)
    assert world.client.get("/v1/sites", as_=as_).status == 200


def test_tokens_from_before_end_where_it_matters(world: World, sso: SamlBrowser) -> None:
    admin = add_member("Eve", world.ada, Role.ADMIN, world.clock)
    set_up(world.client, world.ada, sso.idp, required=True)
    assert world.client.get("/v1/sites", as_=admin).status == 200
    key = {"name": "mine", "scopes": ["sites:read"]}
    assert world.client.post("/v1/api-keys", as_=admin, json=key).code == "sso_required"


def test_with_the_identity_provider_goes_the_requirement(world: World, sso: SamlBrowser) -> None:
    set_up(world.client, world.ada, sso.idp, required=True)
    code = sso.code_for(GRACE)
    assert world.client.delete("/v1/tenant/sso", as_=world.ada).status == 204
    assert world.client.get("/v1/tenant", as_=world.ada).json()["require_sso"] is False
    assert world.client.get("/v1/sites", as_=world.ben).status == 200
    assert sso.exchange(code).status == 404
    assert world.client.delete("/v1/tenant/sso", as_=world.ada).status == 404


def test_only_an_owner_requires_it(world: World, sso: SamlBrowser) -> None:
    admin = add_member("Eve", world.ada, Role.ADMIN, world.clock)
    asked = {"metadata": sso.idp.metadata()}
    for required in (True, False):
        assert world.client.put("/v1/tenant/sso", as_=admin, json=asked | {"required": required}).status == 403
    assert world.client.put("/v1/tenant/sso", as_=admin, json=asked).status == 200


def test_an_identity_provider_that_was_changed_meanwhile_lets_nobody_in(world: World, sso: SamlBrowser) -> None:
    code = sso.code_for(GRACE)
    set_up(world.client, world.ada, desk("successor"))
    assert sso.exchange(code).code == "invalid_token"
    assert refused(sso.bring_signed(sso.reply(GRACE)), "issuer")
