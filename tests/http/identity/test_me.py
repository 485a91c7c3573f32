"""Who you are and who is with you, over HTTP; and what becomes of forged credentials."""

from __future__ import annotations

import base64
import json

import pytest

from chalicelib.core.identity import ROLE_SCOPES, Role, Scope
from tests.adapters.aws.faults import Faults
from tests.world import World


def test_a_person_sees_who_they_are(world: World) -> None:
    answer = world.client.get("/v1/me", as_=world.ben)
    assert answer.status == 200, answer.text
    tenant = {"id": world.ada.tenant_id, "name": "Ada's company", "plan": "free", "state": "active"}
    assert answer.json() == {
        "user": {"id": world.ben.user_id, "email": world.ben.email, "name": ""},
        "tenant": tenant,
        "role": "editor",
        "scopes": sorted(ROLE_SCOPES[Role.EDITOR]),
        "has_second_factor": False,
        "memberships": [{"tenant": tenant, "role": "editor"}],
    }


def test_members_are_seen_by_their_own_only(world: World) -> None:
    answer = world.client.get("/v1/members", as_=world.ben)
    assert answer.status == 200, answer.text
    found = {(member["email"], member["role"]) for member in answer.json()["data"]}
    assert found == {("ada@example.com", "owner"), ("ben@example.com", "editor")}
    strangers = world.client.get("/v1/members", as_=world.cyd).json()["data"]
    assert [member["user_id"] for member in strangers] == [world.cyd.user_id]
    assert world.client.get("/v1/members").status == 401
    assert world.client.get("/v1/members", as_=world.api_key(world.ada, Scope.SITES_READ)).status == 403
    assert world.client.get("/v1/members", as_=world.api_key(world.ada, Scope.TEAM_READ)).status == 200


def test_members_come_page_by_page(world: World) -> None:
    first = world.client.get("/v1/members", as_=world.ada, query={"limit": 1}).json()
    second = world.client.get("/v1/members", as_=world.ada, query={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert {first["data"][0]["user_id"], second["data"][0]["user_id"]} == {world.ada.user_id, world.ben.user_id}
    for query in ({"limit": 0}, {"limit": 101}, {"limit": "x"}, {"cursor": "x"}, {"tenant_id": "ten_x"}):
        assert world.client.get("/v1/members", as_=world.ada, query=query).status == 422


def test_tenants_and_operator_live_in_different_houses(world: World) -> None:
    operator = world.operator_key()
    for path in ("/v1/me", "/v1/members", "/v1/api-keys", "/v1/sites"):
        answer = world.client.get(path, as_=operator)
        assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize(
    "token",
    [
        "x", "a.b.c", "..", "Bearer", "ps_live_", "ps_live_abcdefgh_" + "a" * 52, "ps_test_\u00e9", "A" * 20_000,
        base64.urlsafe_b64encode(b'{"alg":"none"}').decode() + ".e30.", "eyJ" * 300,
    ],
)  # fmt: skip
def test_what_is_no_credential_opens_nothing(world: World, token: str) -> None:
    answer = world.client.get("/v1/me", as_=token)
    assert (answer.status, answer.code) == (401, "invalid_token")


def test_an_editor_cannot_write_themselves_a_better_role(world: World) -> None:
    head, body, signature = world.ben.access_token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "==")) | {"role": "owner"}
    promoted = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    with Faults() as faults:
        assert world.client.get("/v1/me", as_=f"{head}.{promoted}.{signature}").status == 401
        assert faults.calls == []


@pytest.mark.parametrize("authorization", ["", "Basic YWRhOmFkYQ==", "Bearer", "Bearer ", "token"])
def test_only_bearer_tokens_are_credentials(world: World, authorization: str) -> None:
    answer = world.client.get("/v1/me", headers={"Authorization": authorization})
    assert (answer.status, answer.code) == (401, "unauthenticated")


def test_a_store_that_is_away_is_not_a_wrong_password(world: World) -> None:
    with Faults() as faults:
        faults.reject("dynamodb.GetItem")
        answer = world.client.post("/v1/auth/login", json={"email": world.ada.email, "password": world.ada.password})
    assert (answer.status, answer.code) == (503, "unavailable")
