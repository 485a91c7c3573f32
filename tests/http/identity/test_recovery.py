"""A forgotten password over HTTP: through the queue and the mail worker to a new sign-in (SECURITY 9)."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.adapters.aws.faults import Faults
from tests.fakes.gateway import HttpAnswer
from tests.world import PASSWORD, World

NEW = "an entirely new one"


def forgot(world: World, email: object) -> HttpAnswer:
    return world.client.post("/v1/auth/password/forgot", json={"email": email})


def mailed_token(world: World, email: str) -> str:
    token = re.search(r"^pt_\S+$", world.mail_to(email)[-1].text, re.MULTILINE)
    assert token is not None
    return token[0]


def reset(world: World, token: object, password: object = NEW) -> HttpAnswer:
    return world.client.post("/v1/auth/password/reset", json={"token": token, "password": password})


def login(world: World, password: str) -> HttpAnswer:
    return world.client.post("/v1/auth/login", json={"email": world.ada.email, "password": password})


def test_from_forgetting_to_the_next_sign_in(world: World) -> None:
    answer = forgot(world, " Ada@Example.com ")
    assert (answer.status, answer.json()) == (202, {"status": "check_mail"})
    done = reset(world, mailed_token(world, world.ada.email))
    assert (done.status, done.text) == (204, "")
    assert login(world, PASSWORD).code == "invalid_credentials"
    assert login(world, NEW).status == 200
    old = world.client.post("/v1/auth/refresh", json={"refresh_token": world.ada.refresh_token})
    assert (old.status, old.code) == (401, "invalid_token")
    assert world.mail_to(world.ada.email)[-1].subject == "Your password was changed"
    assert world.client.post("/v1/auth/refresh", json={"refresh_token": world.ben.refresh_token}).status == 200


def test_a_reset_is_recorded(world: World) -> None:
    forgot(world, world.ben.email)
    reset(world, mailed_token(world, world.ben.email))
    found = [row for row in world.aws.rows("audit") if row.get("action") == "password.reset"]
    assert [(row["pk"].split("#")[1], row["actor"]) for row in found] == [(world.ada.tenant_id, world.ben.user_id)]


def test_everybody_gets_the_same_answer_by_the_same_steps(world: World) -> None:
    world.client.post(
        "/v1/auth/register", json={"email": "dee@example.com", "password": PASSWORD, "tenant_name": "Dee"}
    )
    world.mail_to("dee@example.com")
    seen = []
    with Faults() as faults:
        for email in (world.ada.email, "dee@example.com", "nobody@example.com"):
            for _ in range(2):
                faults.calls.clear()
                answer = forgot(world, email)
                seen.append((answer.status, answer.text, list(faults.calls)))
    assert seen[0] == seen[2] == seen[4]
    assert seen[1] == seen[3] == seen[5]
    assert seen[0][2] != seen[1][2]  # the second one is throttled, for everybody
    assert world.mail_to("nobody@example.com") == []
    assert len(world.mail_to("dee@example.com")) == 1  # the registration's


def test_of_many_at_once_one_gets_through(world: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert {answer.status for answer in pool.map(lambda _: forgot(world, world.ada.email), range(8))} == {202}
    assert len(world.mail_to(world.ada.email)) == 1
    token = mailed_token(world, world.ada.email)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: reset(world, token, f"password number {number}"), range(8)))
    statuses = sorted(answer.status for answer in answers)
    assert (statuses[0], set(statuses[1:])) == (204, {401})
    winner = next(number for number, answer in enumerate(answers) if answer.status == 204)
    assert login(world, f"password number {winner}").status == 200


@pytest.mark.parametrize("token", ["x", "pt_", "pt_" + "0" * 32 + "_" + "0" * 26 + "_" + "A" * 43, "\u0000", "é" * 100])
def test_a_made_up_link_is_no_credential(world: World, token: str) -> None:
    with Faults() as faults:
        answer = reset(world, token)
        assert faults.calls == []
    assert (answer.status, answer.code) == (401, "invalid_token")


@pytest.mark.parametrize("email", ["", "x", 1, None, ["ada@example.com"], "ada@example.com" * 50])
def test_a_bad_body_is_not_written_to(world: World, email: Any) -> None:
    assert forgot(world, email).status == 422
    assert world.client.post("/v1/auth/password/forgot", json={}).status == 422


@pytest.mark.parametrize(("token", "password"), [(1, NEW), ("", NEW), ("x" * 600, NEW), ("x", 1), ("x", "")])
def test_a_bad_body_resets_nothing(world: World, token: Any, password: Any) -> None:
    assert reset(world, token, password).status == 422


def test_a_password_that_is_none_does_not_spend_the_link(world: World) -> None:
    forgot(world, world.ada.email)
    token = mailed_token(world, world.ada.email)
    assert reset(world, token, "short").status == 422
    assert reset(world, token).status == 204


def test_nothing_at_rest_is_a_link(world: World) -> None:
    forgot(world, world.ada.email)
    token = mailed_token(world, world.ada.email)
    dump = world.aws.dump()
    assert token not in dump
    assert token[-43:] not in dump
