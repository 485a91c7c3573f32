"""A tenant over HTTP, as its own people see it."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.core.identity import Role, Scope
from chalicelib.features.identity.wiring import identity
from tests.world import World


def test_everybody_in_it_sees_their_tenant(world: World) -> None:
    answer = world.client.get("/v1/tenant", as_=world.ben)
    assert answer.status == 200, answer.text
    seen = answer.json()
    assert seen.pop("created_at").endswith("Z")
    assert seen.pop("id") == world.ada.tenant_id
    asks = {"require_second_factor": False, "require_sso": False}
    assert seen == {"name": "Ada's company", "plan": "free", "state": "active", "closes_at": None, **asks}
    assert world.client.get("/v1/tenant", as_=world.cyd).json()["id"] == world.cyd.tenant_id


def test_who_may_change_the_team_renames_it(world: World) -> None:
    answer = world.client.patch("/v1/tenant", as_=world.ada, json={"name": " Analytical Engines "})
    assert (answer.status, answer.json()["name"]) == (200, "Analytical Engines")
    assert world.client.get("/v1/me", as_=world.ben).json()["tenant"]["name"] == "Analytical Engines"
    assert world.client.get("/v1/tenant", as_=world.cyd).json()["name"] == "Cyd's company"
    recorded = {row["action"] for row in world.aws.rows("audit") if "hash" in row}
    assert "tenant.changed" in recorded


def test_others_do_not(world: World) -> None:
    body = {"name": "Hijacked"}
    assert world.client.patch("/v1/tenant", json=body).status == 401
    assert world.client.patch("/v1/tenant", as_=world.ben, json=body).status == 403
    key = world.api_key(world.ada, Scope.TEAM_WRITE)
    for method in ("GET", "PATCH"):
        assert world.client.request(method, "/v1/tenant", as_=key, json=body).status == 403
        assert world.client.request(method, "/v1/tenant", as_=world.operator_key(), json=body).status == 404
    assert world.client.get("/v1/tenant", as_=world.ada).json()["name"] == "Ada's company"


def test_a_person_of_two_tenants_renames_the_one_they_are_signed_in_to(world: World) -> None:
    identity().accounts.join(
        tenant_id=world.cyd.tenant_id, user_id=world.ada.user_id, role=Role.ADMIN, now=world.clock.now()
    )
    switched = world.client.post("/v1/auth/switch", as_=world.ada, json={"tenant_id": world.cyd.tenant_id}).json()
    assert world.client.patch("/v1/tenant", as_=switched["access_token"], json={"name": "Ours"}).status == 200
    assert world.client.get("/v1/tenant", as_=world.cyd).json()["name"] == "Ours"
    memberships = world.client.get("/v1/me", as_=switched["access_token"]).json()["memberships"]
    assert {(each["tenant"]["name"], each["role"]) for each in memberships} == {
        ("Ada's company", "owner"),
        ("Ours", "admin"),
    }


@pytest.mark.parametrize(
    "body",
    [{"name": ""}, {"name": " "}, {"name": 1}, {"name": "x" * 101}, {"name": "a\nb"}, {"name": "x", "plan": "scale"},
     {"name": "x", "state": "active"}, {"name": "x", "id": "ten_x"}],
)  # fmt: skip
def test_nothing_else_can_be_written_there(world: World, body: Any) -> None:
    before = world.client.get("/v1/tenant", as_=world.ada).json()
    assert world.client.patch("/v1/tenant", as_=world.ada, json=body).status == 422
    assert world.client.get("/v1/tenant", as_=world.ada).json() == before
