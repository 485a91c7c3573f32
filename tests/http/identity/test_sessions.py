"""Signing in and out over HTTP, and what becomes of the tokens (SECURITY 6, 9)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest

from chalicelib.core.identity import Role
from chalicelib.features.identity.wiring import identity
from tests.adapters.aws.faults import Faults
from tests.fakes.gateway import HttpAnswer
from tests.world import PASSWORD, World


def login(world: World, **changes: Any) -> HttpAnswer:
    return world.client.post("/v1/auth/login", json={"email": world.ada.email, "password": PASSWORD, **changes})


def refresh(world: World, token: str) -> HttpAnswer:
    return world.client.post("/v1/auth/refresh", json={"refresh_token": token})


def test_signing_in(world: World) -> None:
    answer = login(world, email=" ADA@Example.com ")
    assert answer.status == 200, answer.text
    tokens = answer.json()
    assert tokens["user"] == {"id": world.ada.user_id, "email": world.ada.email, "name": ""}
    assert tokens["tenant"]["id"] == world.ada.tenant_id
    assert (tokens["token_type"], tokens["expires_in"], tokens["role"]) == ("Bearer", 900, "owner")
    assert world.client.get("/v1/me", as_=tokens["access_token"]).status == 200
    assert answer.headers["cache-control"] == "no-store"


def test_nobody_learns_who_is_registered(world: World) -> None:
    seen = []
    with Faults() as faults:
        for email in (world.ada.email, "nobody@example.com"):
            faults.calls.clear()
            answer = login(world, email=email, password="wrong password")
            document = answer.json()
            document.pop("instance")
            seen.append((answer.status, document, list(faults.calls)))
    assert seen[0] == seen[1]
    assert (seen[0][0], seen[0][1]["code"]) == (401, "invalid_credentials")


@pytest.mark.parametrize(
    "changes",
    [{"email": "no address"}, {"email": 1}, {"password": None}, {"password": ""}, {"otp_": "1"}, {"tenant_id": 5}],
)
def test_a_bad_body_does_not_sign_in(world: World, changes: dict[str, Any]) -> None:
    assert login(world, **changes).status == 422


def test_nobody_signs_in_to_another_tenant(world: World) -> None:
    assert login(world, tenant_id=world.cyd.tenant_id).status == 404
    assert login(world, tenant_id="ten_#SESSION").status == 404


def test_an_access_token_lives_for_fifteen_minutes(world: World) -> None:
    world.clock.advance(minutes=15, seconds=31)
    answer = world.client.get("/v1/me", as_=world.ada)
    assert (answer.status, answer.code) == (401, "token_expired")
    assert answer.headers["www-authenticate"] == "Bearer"
    renewed = refresh(world, world.ada.refresh_token).json()
    assert world.client.get("/v1/me", as_=renewed["access_token"]).status == 200


def test_a_role_that_changed_shows_after_the_next_refresh(world: World) -> None:
    renewed = refresh(world, world.ben.refresh_token).json()
    assert renewed["role"] == "editor"
    claims = jwt.decode(renewed["access_token"], options={"verify_signature": False})
    assert (claims["role"], claims["tenant"], claims["sub"]) == ("editor", world.ada.tenant_id, world.ben.user_id)


def test_refreshes_at_once_leave_one_line(world: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: refresh(world, world.ada.refresh_token), range(16)))
    assert {answer.status for answer in answers} == {200}
    (successor,) = {answer.json()["refresh_token"] for answer in answers}
    assert refresh(world, successor).status == 200


def test_an_old_token_ends_the_session_for_both_who_hold_it(world: World) -> None:
    stolen = world.ada.refresh_token
    current = refresh(world, stolen).json()["refresh_token"]
    world.clock.advance(seconds=11)
    for token in (stolen, current):
        answer = refresh(world, token)
        assert (answer.status, answer.code) == (401, "token_reused")
    assert login(world).status == 200


def test_a_refresh_whose_answer_was_lost_can_be_repeated(world: World) -> None:
    with Faults() as faults:
        faults.silence("dynamodb.UpdateItem", times=9)
        assert refresh(world, world.ada.refresh_token).status == 503
    world.clock.advance(seconds=9)
    assert refresh(world, world.ada.refresh_token).status == 200


@pytest.mark.parametrize("token", ["x", "rt_", "rt_usr_x_ses_x_1_x", "\u0000", "é" * 100])
def test_a_made_up_refresh_token_is_no_credential(world: World, token: str) -> None:
    with Faults() as faults:
        answer = refresh(world, token)
        assert faults.calls == []
    assert (answer.status, answer.code) == (401, "invalid_token")


@pytest.mark.parametrize("body", [{}, {"refresh_token": 1}, {"refresh_token": ""}, {"refresh_token": "x" * 600}])
def test_a_bad_body_does_not_refresh(world: World, body: dict[str, Any]) -> None:
    assert world.client.post("/v1/auth/refresh", json=body).status == 422


def test_signing_out_ends_this_session_only(world: World) -> None:
    elsewhere = login(world).json()
    assert world.client.post("/v1/auth/logout", as_=world.ada).status == 204
    assert refresh(world, world.ada.refresh_token).code == "invalid_token"
    assert refresh(world, elsewhere["refresh_token"]).status == 200


def test_signing_out_everywhere_ends_them_all(world: World) -> None:
    elsewhere = login(world).json()
    assert world.client.post("/v1/auth/logout-all", as_=world.ada).status == 204
    for token in (world.ada.refresh_token, elsewhere["refresh_token"]):
        assert refresh(world, token).code == "invalid_token"
    assert refresh(world, world.ben.refresh_token).status == 200


def test_switching_to_another_tenant_of_ones_own(world: World) -> None:
    identity().accounts.join(
        tenant_id=world.cyd.tenant_id, user_id=world.ben.user_id, role=Role.ANALYST, now=world.clock.now()
    )
    answer = world.client.post("/v1/auth/switch", as_=world.ben, json={"tenant_id": world.cyd.tenant_id})
    assert answer.status == 200, answer.text
    tokens = answer.json()
    assert (tokens["tenant"]["id"], tokens["role"]) == (world.cyd.tenant_id, "analyst")
    me = world.client.get("/v1/me", as_=tokens["access_token"]).json()
    assert {(each["tenant"]["id"], each["role"]) for each in me["memberships"]} == {
        (world.ada.tenant_id, "editor"),
        (world.cyd.tenant_id, "analyst"),
    }
    assert refresh(world, tokens["refresh_token"]).json()["tenant"]["id"] == world.cyd.tenant_id


def test_nobody_switches_to_a_tenant_that_is_not_theirs(world: World) -> None:
    answers = [
        world.client.post("/v1/auth/switch", as_=world.ada, json={"tenant_id": tenant_id})
        for tenant_id in (world.cyd.tenant_id, "ten_01hzzzzzzzzzzzzzzzzzzzzzzz", "")
    ]
    assert {answer.status for answer in answers} == {404}
    assert world.client.post("/v1/auth/switch", as_=world.ada, json={"tenant_id": 1}).status == 422


def test_signing_out_and_switching_are_recorded(world: World) -> None:
    world.client.post("/v1/auth/switch", as_=world.ben, json={"tenant_id": world.ada.tenant_id})
    world.client.post("/v1/auth/logout", as_=world.ben)
    world.client.post("/v1/auth/logout-all", as_=world.ada)
    actions = [row["action"] for row in world.aws.rows("audit") if world.ada.tenant_id in row["pk"] and "hash" in row]
    assert sorted(actions) == ["session.all_ended", "session.ended", "session.switched", "tenant.created"]


USERS_ONLY: list[tuple[str, str, Any]] = [
    ("POST", "/v1/auth/logout", None),
    ("POST", "/v1/auth/logout-all", None),
    ("POST", "/v1/auth/switch", {"tenant_id": "ten_x"}),
    ("POST", "/v1/auth/step-up", {"password": PASSWORD}),
    ("GET", "/v1/me", None),
    ("PATCH", "/v1/me", {"name": "Ada"}),
    ("POST", "/v1/me/email", {"email": "new@example.com", "password": PASSWORD}),
    ("POST", "/v1/me/password", {"current_password": PASSWORD, "password": "another one"}),
    ("GET", "/v1/me/sessions", None),
    ("DELETE", "/v1/me/sessions/ses_x", None),
]


@pytest.mark.parametrize(("method", "path", "body"), USERS_ONLY)
def test_only_a_person_may(world: World, method: str, path: str, body: Any) -> None:
    from chalicelib.core.identity import Scope

    key = world.api_key(world.ada, Scope.SITES_READ)
    asked: list[tuple[Callable[[], str | None], int, str]] = [
        (lambda: None, 401, "unauthenticated"),
        (lambda: key, 403, "forbidden"),
        (world.operator_key, 404, "not_found"),
    ]
    for bearer, status, code in asked:
        answer = world.client.request(method, path, as_=bearer(), json=body)
        assert (answer.status, answer.code) == (status, code)
