"""API keys over HTTP: made by an owner, shown once, bound as asked, and gone from the next request on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.identity import Scope
from tests.fakes.gateway import HttpAnswer
from tests.world import Person, World

PATH = "/v1/api-keys"


def make(
    world: World, as_: Person | str | None = None, headers: dict[str, str] | None = None, **changes: Any
) -> HttpAnswer:
    body = {"name": "CI", "scopes": ["sites:read"], **changes}
    return world.client.post(PATH, as_=as_ or world.ada, json=body, headers=headers)


def site_of(world: World, person: Person) -> str:
    body = {"name": "Shop", "url": "https://shop.example"}
    return str(world.client.post("/v1/sites", as_=person, json=body).json()["id"])


def test_a_key_is_made_and_lets_in(world: World) -> None:
    answer = make(world, scopes=["sites:read", "campaigns:send"], mode="test")
    assert answer.status == 201, answer.text
    made = answer.json()
    assert made["key"].startswith(f"{made['prefix']}_")
    assert made["prefix"].startswith("ps_test_")
    assert (made["name"], made["scopes"], made["created_by"]) == (
        "CI",
        ["campaigns:send", "sites:read"],
        world.ada.user_id,
    )
    assert world.client.get("/v1/sites", as_=made["key"]).status == 200
    assert world.client.post("/v1/sites", as_=made["key"], json={}).status == 403
    (listed,) = world.client.get(PATH, as_=world.ada).json()["data"]
    assert listed.pop("last_used_at") is not None
    assert listed == {name: value for name, value in made.items() if name not in {"key", "last_used_at"}}


def test_a_replay_does_not_show_the_key_again(world: World) -> None:
    first = make(world, headers={"Idempotency-Key": "once"})
    again = make(world, headers={"Idempotency-Key": "once"})
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == {name: value for name, value in first.json().items() if name != "key"}
    assert first.json()["key"] not in world.aws.dump()
    assert len(world.client.get(PATH, as_=world.ada).json()["data"]) == 1


def test_a_revoked_key_is_gone_from_the_next_request_on(world: World) -> None:
    made = make(world).json()
    for _ in range(2):
        assert world.client.delete(f"{PATH}/{made['id']}", as_=world.ada).status == 204
    answer = world.client.get("/v1/sites", as_=made["key"])
    assert (answer.status, answer.code) == (401, "invalid_token")
    (listed,) = world.client.get(PATH, as_=world.ada).json()["data"]
    assert listed["revoked_at"] is not None


def test_a_key_expires_when_it_was_said_to(world: World) -> None:
    expires_at = world.clock.now() + timedelta(hours=1)
    made = make(world, expires_at=expires_at.isoformat()).json()
    assert world.client.get("/v1/sites", as_=made["key"]).status == 200
    world.clock.advance(hours=1)
    assert world.client.get("/v1/sites", as_=made["key"]).status == 401


def test_a_key_bound_to_a_site_knows_of_no_other(world: World) -> None:
    mine, other = site_of(world, world.ada), site_of(world, world.ada)
    made = make(world, site_id=mine).json()
    assert made["site_id"] == mine
    assert world.client.get(f"/v1/sites/{mine}", as_=made["key"]).status == 200
    assert world.client.get(f"/v1/sites/{other}", as_=made["key"]).status == 404
    assert make(world, site_id=site_of(world, world.cyd)).status == 404


def test_a_key_can_do_no_more_than_who_makes_it(world: World) -> None:
    answer = make(world, scopes=["sites:read", "ops"])
    assert (answer.status, answer.code, answer.json()["scope"]) == (403, "scope_not_yours", "ops")


def test_no_key_makes_keys(world: World) -> None:
    key = world.api_key(world.ada, Scope.TEAM_READ, Scope.TEAM_WRITE)
    assert make(world, as_=key).status == 403
    assert world.client.get(PATH, as_=key).status == 403
    assert world.client.delete(f"{PATH}/key_x", as_=key).status == 403


def test_an_editor_sees_keys_but_makes_and_revokes_none(world: World) -> None:
    made = make(world).json()
    assert make(world, as_=world.ben).status == 403
    assert world.client.delete(f"{PATH}/{made['id']}", as_=world.ben).status == 403
    assert len(world.client.get(PATH, as_=world.ben).json()["data"]) == 1


def test_a_stranger_sees_and_revokes_none(world: World) -> None:
    made = make(world).json()
    foreign = world.client.delete(f"{PATH}/{made['id']}", as_=world.cyd)
    unknown = world.client.delete(f"{PATH}/key_01hzzzzzzzzzzzzzzzzzzzzzzz", as_=world.cyd)
    assert (foreign.status, foreign.code) == (unknown.status, unknown.code) == (404, "not_found")
    assert world.client.get(PATH, as_=world.cyd).json() == {"data": [], "next_cursor": None, "has_more": False}
    assert world.client.get("/v1/sites", as_=made["key"]).status == 200


def test_keys_are_listed_page_by_page(world: World) -> None:
    made = sorted(make(world).json()["id"] for _ in range(3))
    first = world.client.get(PATH, as_=world.ada, query={"limit": 2}).json()
    second = world.client.get(PATH, as_=world.ada, query={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [key["id"] for key in first["data"] + second["data"]] == made
    assert (first["has_more"], second["has_more"]) == (True, False)
    forged = world.client.get(PATH, as_=world.cyd, query={"cursor": first["next_cursor"]})
    assert (forged.status, forged.code) == (422, "bad_cursor")


def test_making_and_revoking_are_recorded(world: World) -> None:
    made = make(world).json()
    world.client.delete(f"{PATH}/{made['id']}", as_=world.ada)
    entries = [row for row in world.aws.rows("audit") if row.get("subject") == made["id"]]
    assert sorted(row["action"] for row in entries) == ["api_key.created", "api_key.revoked"]
    assert {row["actor"] for row in entries} == {world.ada.user_id}


def test_nobody_without_credentials(world: World) -> None:
    for method, path in (("GET", PATH), ("POST", PATH), ("DELETE", f"{PATH}/key_x")):
        assert world.client.request(method, path, json={"name": "x", "scopes": ["sites:read"]}).status == 401


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": 5}, "/name"),
        ({"name": "two\nlines"}, "/name"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": "sites:read"}, "/scopes"),
        ({"scopes": ["sites:everything"]}, "/scopes/0"),
        ({"mode": "prod"}, "/mode"),
        ({"expires_at": "tomorrow"}, "/expires_at"),
        ({"expires_at": "2030-01-01T00:00:00"}, "/expires_at"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "/expires_at"),
        ({"site_id": 5}, "/site_id"),
        ({"tenant_id": "ten_x"}, "/tenant_id"),
        ({"secret_hash": "x"}, "/secret_hash"),
    ],
)
def test_a_bad_body_is_told_where(world: World, changes: dict[str, Any], pointer: str) -> None:
    answer = make(world, **changes)
    assert answer.status == 422, answer.text
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
