"""A team over HTTP: roles given and taken, members who leave or are removed, and an account handed over."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.core.identity import ROLE_SCOPES, Role, Scope
from tests.adapters.aws.faults import Faults
from tests.fakes.gateway import HttpAnswer
from tests.world import PASSWORD, Person, World, add_member

TRANSFER = "/v1/tenant/transfer-ownership"
UNKNOWN = "usr_01hzzzzzzzzzzzzzzzzzzzzzzz"


def path(user_id: str) -> str:
    return f"/v1/members/{user_id}"


def change(world: World, as_: Any, whom: Person, role: object) -> HttpAnswer:
    return world.client.patch(path(whom.user_id), as_=as_, json={"role": role})


def remove(world: World, as_: Any, whom: Person) -> HttpAnswer:
    return world.client.delete(path(whom.user_id), as_=as_)


def join(world: World, name: str, role: Role) -> Person:
    return add_member(name, world.ada, role, world.clock)


def refresh(world: World, person: Person) -> HttpAnswer:
    return world.client.post("/v1/auth/refresh", json={"refresh_token": person.refresh_token})


def roles(world: World) -> dict[str, str]:
    listed = world.client.get("/v1/members", as_=world.ada, query={"limit": 100}).json()["data"]
    return {member["user_id"]: member["role"] for member in listed}


def test_a_role_is_changed_and_believed_no_longer(world: World) -> None:
    answer = change(world, world.ada, world.ben, "analyst")
    assert (answer.status, answer.json()["role"], answer.json()["user_id"]) == (200, "analyst", world.ben.user_id)
    key = {"name": "CI", "scopes": ["sites:read"]}
    refused = world.client.post("/v1/api-keys", as_=world.ben, json=key)
    assert refused.status in {401, 403}
    me = world.client.get("/v1/me", as_=refresh(world, world.ben).json()["access_token"]).json()
    assert me["role"] == "analyst"
    assert set(me["scopes"]) == {str(scope) for scope in ROLE_SCOPES[Role.ANALYST]}


def test_a_demoted_admin_makes_no_keys_with_the_token_that_they_have(world: World) -> None:
    eve = join(world, "Eve", Role.ADMIN)
    assert change(world, world.ada, eve, "agent").status == 200
    for method, where, body in (
        ("POST", "/v1/api-keys", {"name": "x", "scopes": ["sites:read"]}),
        ("POST", "/v1/invitations", {"email": "friend@example.com", "role": "admin"}),
        ("PATCH", path(world.ben.user_id), {"role": "admin"}),
        ("DELETE", path(world.ben.user_id), None),
    ):
        answer = world.client.request(method, where, as_=eve, json=body)
        assert (answer.status, answer.code) == (401, "token_expired"), where


def test_a_removed_member_is_out(world: World) -> None:
    assert remove(world, world.ada, world.ben).status == 204
    assert world.ben.user_id not in roles(world)
    assert (refresh(world, world.ben).status, refresh(world, world.ben).code) == (401, "invalid_token")
    login = world.client.post("/v1/auth/login", json={"email": world.ben.email, "password": PASSWORD})
    assert (login.status, login.code) == (403, "no_tenant")
    assert remove(world, world.ben, world.ben).status == 401
    assert remove(world, world.ada, world.ben).status == 404


def test_everybody_may_leave(world: World) -> None:
    for role in set(Role) - {Role.OWNER}:
        person = join(world, f"One{role}", role)
        assert remove(world, person, person).status == 204
        assert person.user_id not in roles(world)


def test_only_who_may_change_the_team_does(world: World) -> None:
    others = [join(world, f"One{role}", role) for role in (Role.EDITOR, Role.ANALYST, Role.AGENT)]
    key = world.api_key(world.ada, Scope.TEAM_READ, Scope.TEAM_WRITE)
    for who in (*others, key):
        assert change(world, who, world.ben, "agent").status == 403
        assert remove(world, who, world.ben).status == 403
    for who, status in ((None, 401), (world.operator_key(), 404)):
        assert change(world, who, world.ben, "agent").status == status
        assert remove(world, who, world.ben).status == status
    assert roles(world)[world.ben.user_id] == "editor"


def test_nobody_gives_or_takes_more_than_they_have(world: World) -> None:
    eve, other = join(world, "Eve", Role.ADMIN), join(world, "Oda", Role.OWNER)
    for answer in (
        change(world, eve, world.ben, "owner"),
        change(world, eve, eve, "owner"),
        change(world, eve, other, "agent"),
        remove(world, eve, other),
    ):
        assert (answer.status, answer.code, answer.json()["role"]) == (403, "role_not_yours", "owner")
    assert change(world, eve, world.ben, "admin").status == 200
    assert change(world, eve, world.ben, "agent").status == 200
    assert remove(world, eve, world.ben).status == 204


def test_to_touch_an_owner_takes_a_recent_password(world: World) -> None:
    other = join(world, "Oda", Role.OWNER)
    world.clock.advance(minutes=11)
    for answer in (
        change(world, world.ada, world.ben, "owner"),
        change(world, world.ada, other, "admin"),
        remove(world, world.ada, other),
        world.client.post(TRANSFER, as_=world.ada, json={"user_id": world.ben.user_id}),
    ):
        assert (answer.status, answer.code) == (403, "step_up_required")
    assert change(world, world.ada, world.ben, "admin").status == 200
    tokens = world.client.post("/v1/auth/step-up", as_=world.ada, json={"password": PASSWORD}).json()["access_token"]
    assert change(world, tokens, world.ben, "owner").status == 200
    assert remove(world, tokens, other).status == 204


def test_the_last_owner_stays_one(world: World) -> None:
    for answer in (change(world, world.ada, world.ada, "admin"), remove(world, world.ada, world.ada)):
        assert (answer.status, answer.code) == (409, "last_owner")
    assert change(world, world.ada, world.ada, "owner").status == 200
    assert change(world, world.ada, world.ben, "owner").status == 200
    assert remove(world, world.ada, world.ada).status == 204
    ben = refresh(world, world.ben).json()["access_token"]
    answer = world.client.delete(path(world.ben.user_id), as_=ben)
    assert (answer.status, answer.code) == (409, "last_owner")


def test_of_owners_who_leave_at_the_same_moment_one_stays(world: World) -> None:
    owners = [world.ada, *(join(world, f"Oda{number}", Role.OWNER) for number in range(3))]
    with ThreadPoolExecutor(len(owners)) as pool:
        answers = list(pool.map(lambda owner: remove(world, owner, owner).status, owners))
    assert sorted(set(answers)) in ([204, 409], [204, 409, 503])
    rows = [row for row in world.aws.rows("core") if row["pk"] == f"T#{world.ada.tenant_id}"]
    left = [row["user_id"] for row in rows if row["sk"].startswith("MEMBER#") and row["role"] == "owner"]
    assert len(left) == len(owners) - answers.count(204) >= 1


@pytest.mark.parametrize("step", range(6))
def test_owners_who_remove_each_other_leave_one(world: World, step: int) -> None:
    """However the two are interleaved: twice over, in the order that the threads find."""
    oda = join(world, "Oda", Role.OWNER)
    pair = [(world.ada, oda), (oda, world.ada)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(lambda one: change(world, one[0], one[1], "agent").status, pair[:: 1 if step % 2 else -1])
        )
    rows = [row for row in world.aws.rows("core") if row["pk"] == f"T#{world.ada.tenant_id}"]
    left = [row["user_id"] for row in rows if row["sk"].startswith("MEMBER#") and row["role"] == "owner"]
    assert len(left) == 1
    assert answers.count(200) == 1


def test_both_copies_of_a_membership_say_the_same(world: World) -> None:
    change(world, world.ada, world.ben, "owner")
    change(world, world.ada, world.ben, "analyst")
    copies = [row for row in world.aws.rows("core") if row.get("user_id") == world.ben.user_id and "role" in row]
    assert [row["role"] for row in copies] == ["analyst", "analyst"]
    remove(world, world.ada, world.ben)
    assert [row for row in world.aws.rows("core") if row.get("user_id") == world.ben.user_id and "role" in row] == []


def test_an_account_is_handed_over(world: World) -> None:
    answer = world.client.post(TRANSFER, as_=world.ada, json={"user_id": world.ben.user_id})
    assert (answer.status, answer.json()["role"]) == (200, "owner")
    ada = refresh(world, world.ada).json()["access_token"]
    assert world.client.get("/v1/me", as_=ada).json()["role"] == "admin"
    again = world.client.post(TRANSFER, as_=world.ada, json={"user_id": world.ben.user_id})
    assert (again.status, again.code) == (401, "token_expired")
    assert "yours now" in world.mail_to(world.ben.email)[-1].subject
    assert "handed" in world.mail_to(world.ada.email)[-1].subject


def test_only_an_owner_hands_it_over_and_to_a_member(world: World) -> None:
    eve = join(world, "Eve", Role.ADMIN)
    key = world.api_key(world.ada, *ROLE_SCOPES[Role.OWNER])
    body = {"user_id": world.ben.user_id}
    for who, status in ((None, 401), (eve, 403), (world.ben, 403), (key, 403), (world.operator_key(), 404)):
        assert world.client.post(TRANSFER, as_=who, json=body).status == status
    for whom in (world.cyd.user_id, UNKNOWN, "usr_x", ""):
        answer = world.client.post(TRANSFER, as_=world.ada, json={"user_id": whom})
        assert (answer.status, answer.code) == (404, "not_found")
    assert world.client.post(TRANSFER, as_=world.ada, json={"user_id": world.ada.user_id}).status == 422
    assert roles(world)[world.ada.user_id] == "owner"


def test_of_two_heirs_at_once_one_is_an_owner(world: World) -> None:
    heirs = [world.ben, join(world, "Eve", Role.ADMIN)]
    with ThreadPoolExecutor(2) as pool:
        heard = list(
            pool.map(
                lambda heir: world.client.post(TRANSFER, as_=world.ada, json={"user_id": heir.user_id}).status, heirs
            )
        )
    assert heard.count(200) == 1
    assert sorted(set(heard) - {200}) in ([401], [403], [503])
    ben = refresh(world, world.ben).json()["access_token"]
    listed = world.client.get("/v1/members", as_=ben).json()["data"]
    assert [member["role"] for member in listed].count("owner") == 1


def test_a_stranger_cannot_tell_a_member_from_nobody(world: World) -> None:
    world.client.get("/v1/members", as_=world.cyd)  # from now on the door knows her
    for method, body in (("PATCH", {"role": "agent"}), ("DELETE", None)):
        seen = []
        for whom in (world.ben.user_id, UNKNOWN):
            with Faults() as faults:
                answer = world.client.request(method, path(whom), as_=world.cyd, json=body)
                seen.append((answer.status, answer.json() | {"instance": ""}, faults.calls))
        assert seen[0] == seen[1]
        assert seen[0][0] == 404
    assert world.ben.user_id in roles(world)


def test_every_change_is_recorded(world: World) -> None:
    change(world, world.ada, world.ben, "admin")
    eve = join(world, "Eve", Role.AGENT)
    remove(world, world.ada, eve)
    world.client.post(TRANSFER, as_=world.ada, json={"user_id": world.ben.user_id})
    told = {(row["action"], row["actor"], row["subject"]) for row in world.aws.rows("audit") if "hash" in row}
    assert {
        ("member.role_changed", world.ada.user_id, world.ben.user_id),
        ("member.removed", world.ada.user_id, eve.user_id),
        ("tenant.ownership_transferred", world.ada.user_id, world.ada.tenant_id),
    } <= told


def test_a_removal_whose_answer_was_lost_is_done(world: World) -> None:
    with Faults() as faults:
        faults.silence("dynamodb.TransactWriteItems")
        assert remove(world, world.ada, world.ben).status == 204
    assert world.ben.user_id not in roles(world)


@pytest.mark.parametrize("body", [{}, {"role": ""}, {"role": "god"}, {"role": 1}, {"role": "admin", "user_id": "x"},
    {"role": "admin", "tenant_id": "x"}, {"role": "admin", "rev": 1}, {"role": "admin", "joined_at": None}])  # fmt: skip
def test_nothing_but_a_role_can_be_written(world: World, body: Any) -> None:
    before = world.aws.rows("core")
    assert world.client.patch(path(world.ben.user_id), as_=world.ada, json=body).status == 422
    assert world.aws.rows("core") == before
