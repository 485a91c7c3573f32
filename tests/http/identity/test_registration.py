"""Register, mail, verify: over HTTP, through queue and mail worker, to the first call as an owner (SECURITY 6b, 9)."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.adapters.aws.faults import Faults
from tests.fakes.gateway import HttpAnswer
from tests.world import World

DEE = {"email": "dee@example.com", "password": "dees password", "tenant_name": "Dee's company"}


def register(world: World, **changes: Any) -> HttpAnswer:
    return world.client.post("/v1/auth/register", json={**DEE, **changes})


def mailed_token(world: World, email: str = "dee@example.com") -> str:
    token = re.search(r"^vt_\S+$", world.mail_to(email)[-1].text, re.MULTILINE)
    assert token is not None
    return token[0]


def verify(world: World, token: str, password: str = "dees password") -> HttpAnswer:
    return world.client.post("/v1/auth/verify-email", json={"token": token, "password": password})


def test_from_registering_to_the_first_call(world: World) -> None:
    answer = register(world)
    assert (answer.status, answer.json()) == (202, {"status": "check_mail"})
    opened = verify(world, mailed_token(world))
    assert opened.status == 200, opened.text
    tokens = opened.json()
    assert (tokens["token_type"], tokens["expires_in"], tokens["role"]) == ("Bearer", 900, "owner")
    me = world.client.get("/v1/me", as_=tokens["access_token"]).json()
    assert (me["user"], me["tenant"]) == (tokens["user"], tokens["tenant"])
    assert me["tenant"]["name"] == "Dee's company"
    assert world.client.post("/v1/auth/login", json=DEE | {"tenant_name": "x"}).status == 422
    login = {"email": "dee@example.com", "password": "dees password"}
    assert world.client.post("/v1/auth/login", json=login).status == 200


def test_the_letter_links_to_the_product(world: World) -> None:
    register(world)
    (letter,) = world.mail_to("dee@example.com")
    assert f"http://127.0.0.1:8000/verify?token={mailed_token(world)}" in letter.text
    assert "dees password" not in letter.text


def test_a_new_tenant_has_the_first_entry_of_its_trail(world: World) -> None:
    register(world)
    tokens = verify(world, mailed_token(world)).json()
    (entry,) = [row for row in world.aws.rows("audit") if tokens["tenant"]["id"] in row["pk"] and "hash" in row]
    assert (entry["action"], entry["actor"]) == ("tenant.created", tokens["user"]["id"])


def test_a_known_address_gets_the_same_answer_by_the_same_steps(world: World) -> None:
    with Faults() as faults:
        fresh = register(world)
        steps = list(faults.calls)
        faults.calls.clear()
        known = register(world, email=world.ada.email)
        assert faults.calls == steps
    assert (fresh.status, fresh.text) == (known.status, known.text)
    assert "vt_" not in world.mail_to(world.ada.email)[-1].text


@pytest.mark.parametrize("path", ["/v1/auth/verify-email/resend"])
def test_a_resend_takes_the_same_steps_for_everyone(world: World, path: str) -> None:
    register(world)
    token, seen = mailed_token(world), []
    with Faults() as faults:
        for email in ("dee@example.com", world.ada.email, "nobody@example.com"):
            faults.calls.clear()
            answer = world.client.post(path, json={"email": email})
            seen.append((answer.status, answer.text, list(faults.calls)))
    assert seen[0] == seen[1] == seen[2]
    assert mailed_token(world) == token
    assert world.mail_to("nobody@example.com") == []


def test_a_registration_cannot_be_hijacked(world: World) -> None:
    """The attacker registers with the victim's address; the victim follows the link with a password of their own."""
    register(world, password="attackers password", tenant_name="Attackers")
    attackers_link = mailed_token(world)
    answer = verify(world, attackers_link, "victims password")
    assert (answer.status, answer.code) == (401, "invalid_credentials")
    for password in ("attackers password", "victims password"):
        login = world.client.post("/v1/auth/login", json={"email": "dee@example.com", "password": password})
        assert (login.status, login.code) == (401, "invalid_credentials")
    register(world, password="victims password")
    victims_link = mailed_token(world)
    assert victims_link != attackers_link
    assert verify(world, victims_link, "victims password").status == 200
    late = verify(world, attackers_link, "attackers password")
    assert (late.status, late.code) == (409, "email_taken")
    users = [
        row for row in world.aws.rows("core") if row.get("email") == "dee@example.com" and row["pk"][:5] == "USER#"
    ]
    assert len(users) == 1


def test_a_link_is_not_a_place_to_guess_passwords(world: World) -> None:
    register(world)
    token = mailed_token(world)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: verify(world, token, f"guess number {number}"), range(24)))
    assert {answer.status for answer in answers} <= {401, 409, 429}  # the last: more at once than anybody types
    guessed = [answer for answer in answers if answer.code == "invalid_credentials"]
    assert len(guessed) == 5
    assert verify(world, token).code == "invalid_token"


def test_of_two_who_follow_their_links_at_once_one_gets_the_address(world: World) -> None:
    links = []
    for _ in range(4):
        register(world)
        links.append(mailed_token(world))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda link: verify(world, link), links))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]


def test_a_link_expires_after_a_day(world: World) -> None:
    register(world)
    token = mailed_token(world)
    world.clock.advance(hours=24)
    answer = verify(world, token)
    assert (answer.status, answer.code) == (401, "invalid_token")


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/v1/auth/register", {}, "/email"),
        ("/v1/auth/register", DEE | {"email": "dee"}, "/email"),
        ("/v1/auth/register", DEE | {"email": ["dee@example.com"]}, "/email"),
        ("/v1/auth/register", DEE | {"password": "short"}, "/password"),
        ("/v1/auth/register", DEE | {"password": "x" * 129}, "/password"),
        ("/v1/auth/register", DEE | {"password": "x" * 100_000}, "/password"),
        ("/v1/auth/register", DEE | {"tenant_name": ""}, "/tenant_name"),
        ("/v1/auth/register", DEE | {"tenant_name": "two\nlines"}, "/tenant_name"),
        ("/v1/auth/register", DEE | {"role": "owner"}, "/role"),
        ("/v1/auth/register", DEE | {"plan": "enterprise"}, "/plan"),
        ("/v1/auth/verify-email", {"token": "x"}, "/password"),
        ("/v1/auth/verify-email", {"token": 5, "password": "x"}, "/token"),
        ("/v1/auth/verify-email/resend", {"email": None}, "/email"),
    ],
)
def test_a_bad_body_is_told_where(world: World, path: str, body: dict[str, Any], pointer: str) -> None:
    answer = world.client.post(path, json=body)
    assert answer.status == 422, answer.text
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("token", ["x", "vt_", "vt_" + "a" * 100, "\u0000", "vt_é"])
def test_a_made_up_token_is_no_credential(world: World, token: str) -> None:
    answer = verify(world, token)
    assert (answer.status, answer.code) == (401, "invalid_token")
