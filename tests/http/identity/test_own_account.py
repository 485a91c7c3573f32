"""What people change about themselves over HTTP: name, address, password, sessions; and stepping up."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest

from chalicelib.core.identity import Scope
from tests.adapters.aws.faults import Faults
from tests.fakes.gateway import HttpAnswer
from tests.world import PASSWORD, World

NEW = "an entirely new one"
EMAIL = "ada@new.example.com"


def login(world: World, **changes: Any) -> HttpAnswer:
    return world.client.post("/v1/auth/login", json={"email": world.ada.email, "password": PASSWORD, **changes})


def refresh(world: World, token: str) -> HttpAnswer:
    return world.client.post("/v1/auth/refresh", json={"refresh_token": token})


def step_up(world: World, password: object = PASSWORD, as_: Any = None, **more: Any) -> HttpAnswer:
    return world.client.post("/v1/auth/step-up", as_=as_ or world.ada, json={"password": password, **more})


def ask_for_email(world: World, email: object = EMAIL, password: object = PASSWORD, as_: Any = None) -> HttpAnswer:
    return world.client.post("/v1/me/email", as_=as_ or world.ada, json={"email": email, "password": password})


def confirm(world: World, token: object, password: object = PASSWORD) -> HttpAnswer:
    return world.client.post("/v1/auth/email/confirm", json={"token": token, "password": password})


def mailed_token(world: World, email: str = EMAIL) -> str:
    token = re.search(r"^et_\S+$", world.mail_to(email)[-1].text, re.MULTILINE)
    assert token is not None
    return token[0]


def change_password(world: World, current: object = PASSWORD, password: object = NEW, as_: Any = None) -> HttpAnswer:
    body = {"current_password": current, "password": password}
    return world.client.post("/v1/me/password", as_=as_ or world.ada, json=body)


def actions(world: World) -> set[str]:
    return {row["action"] for row in world.aws.rows("audit") if world.ada.tenant_id in row["pk"] and "hash" in row}


def test_a_person_says_what_they_are_called(world: World) -> None:
    answer = world.client.patch("/v1/me", as_=world.ben, json={"name": " Ben Bitdiddle "})
    assert answer.status == 200, answer.text
    assert answer.json()["user"] == {"id": world.ben.user_id, "email": world.ben.email, "name": "Ben Bitdiddle"}
    assert world.client.get("/v1/me", as_=world.ben).json() == answer.json()
    members = world.client.get("/v1/members", as_=world.ada).json()["data"]
    assert {member["name"] for member in members} == {"", "Ben Bitdiddle"}
    assert "user.renamed" in actions(world)


@pytest.mark.parametrize(
    "body",
    [{}, {"name": ""}, {"name": " "}, {"name": 1}, {"name": "x" * 101}, {"name": "a\nb"}, {"name": "Ada", "role": "x"},
     {"email": "x@example.com"}, {"name": "Ada", "password_hash": "x"}, {"name": "Ada", "era": 9}],
)  # fmt: skip
def test_nothing_else_can_be_written_there(world: World, body: Any) -> None:
    assert world.client.patch("/v1/me", as_=world.ada, json=body).status == 422
    assert world.client.get("/v1/me", as_=world.ada).json()["user"]["name"] == ""


def test_from_asking_to_signing_in_with_the_new_address(world: World) -> None:
    answer = ask_for_email(world, " Ada@NEW.example.com ")
    assert (answer.status, answer.json()) == (202, {"status": "check_mail"})
    assert world.mail_to(world.ada.email)[-1].subject == "Your e-mail address is about to change"
    assert login(world).status == 200
    done = confirm(world, mailed_token(world))
    assert (done.status, done.text) == (204, "")
    assert login(world, email=EMAIL).status == 200
    assert login(world).code == "invalid_credentials"
    assert world.client.get("/v1/me", as_=world.ada).json()["user"]["email"] == EMAIL
    assert world.mail_to(world.ada.email)[-1].subject == "Your e-mail address was changed"
    assert {"email.change_asked", "email.changed"} <= actions(world)


def test_whoever_gets_a_mistyped_letter_gets_no_account(world: World) -> None:
    ask_for_email(world)
    token = mailed_token(world)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: confirm(world, token, f"guess number {number}"), range(16)))
    assert [answer.code for answer in answers].count("invalid_credentials") == 5
    assert {answer.status for answer in answers} <= {401, 409, 429}  # so many at once are not let try
    assert confirm(world, token).code == "invalid_token"
    assert login(world).status == 200


def test_nobody_learns_by_it_who_is_registered(world: World) -> None:
    seen = []
    ask_for_email(world, "somebody@example.com")  # from now on the trail knows its end
    with Faults() as faults:
        for email in (world.cyd.email, "nobody@example.com"):
            faults.calls.clear()
            answer = ask_for_email(world, email)
            seen.append((answer.status, answer.text, list(faults.calls)))
    assert seen[0] == seen[1]


def test_an_address_that_is_taken_stays_where_it_is(world: World) -> None:
    ask_for_email(world, world.cyd.email)
    answer = confirm(world, mailed_token(world, world.cyd.email))
    assert (answer.status, answer.code) == (409, "email_taken")
    assert login(world, email=world.cyd.email).json()["user"]["id"] == world.cyd.user_id


def test_two_who_move_to_one_address_at_once_do_not_both_get_it(world: World) -> None:
    tokens = []
    for person in (world.ada, world.ben, world.cyd):
        assert ask_for_email(world, as_=person).status == 202
        tokens.append(mailed_token(world))
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda token: confirm(world, token), tokens))
    assert sorted(answer.status for answer in answers) == [204, 409, 409]


@pytest.mark.parametrize(
    ("email", "password"), [("x", PASSWORD), ("", PASSWORD), (1, PASSWORD), (EMAIL, ""), (EMAIL, 1), (EMAIL, None)]
)
def test_a_bad_body_asks_for_nothing(world: World, email: Any, password: Any) -> None:
    assert ask_for_email(world, email, password).status == 422
    assert ask_for_email(world, world.ada.email).status == 422
    assert world.mail_to(EMAIL) == []


@pytest.mark.parametrize("token", ["x", "et_", "vt_" + "0" * 32 + "_" + "0" * 26 + "_" + "A" * 43, "\u0000", "é" * 100])
def test_a_made_up_link_moves_nobody(world: World, token: str) -> None:
    with Faults() as faults:
        answer = confirm(world, token)
        assert faults.calls == []
    assert (answer.status, answer.code) == (401, "invalid_token")
    assert confirm(world, 1).status == 422


def test_an_address_is_not_moved_by_a_session_that_was_left_open(world: World) -> None:
    world.clock.advance(minutes=10, seconds=2)
    answer = ask_for_email(world)
    assert (answer.status, answer.code) == (403, "step_up_required")
    refreshed = refresh(world, world.ada.refresh_token).json()["access_token"]
    assert ask_for_email(world, as_=refreshed).code == "step_up_required"  # a refresh proves nothing
    stepped = step_up(world, as_=refreshed).json()["access_token"]
    assert ask_for_email(world, as_=stepped).status == 202


def test_nor_by_one_that_was_ended(world: World) -> None:
    world.client.post("/v1/auth/logout-all", as_=world.ada)
    assert world.client.get("/v1/me", as_=world.ada).status == 200  # what its access token may still read
    assert ask_for_email(world).code == "invalid_token"
    body = {"name": "stolen", "scopes": ["sites:read"]}
    assert world.client.post("/v1/api-keys", as_=world.ada, json=body).code == "invalid_token"
    assert change_password(world).code == step_up(world).code == "invalid_token"


def test_stepping_up_gives_tokens_that_say_so(world: World) -> None:
    world.clock.advance(minutes=5)
    answer = step_up(world, otp="123456")
    assert answer.status == 200, answer.text
    tokens = answer.json()
    assert (tokens["token_type"], tokens["expires_in"], tokens["role"]) == ("Bearer", 900, "owner")
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert claims["auth_time"] == claims["iat"] == int(world.clock.now().timestamp())
    assert refresh(world, tokens["refresh_token"]).status == 200
    world.clock.advance(seconds=11)
    assert refresh(world, world.ada.refresh_token).code == "token_reused"  # it counted as a refresh
    assert "session.proven" in actions(world)


def test_a_stolen_session_is_no_place_to_guess_the_password(world: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: step_up(world, f"guess number {number}"), range(24)))
    assert [answer.code for answer in answers].count("invalid_credentials") == 5
    assert {answer.status for answer in answers} <= {401, 409, 429}  # so many at once are not let try
    assert step_up(world).code == "invalid_token"
    assert refresh(world, world.ada.refresh_token).code == "invalid_token"
    assert login(world).status == 200


@pytest.mark.parametrize("body", [{}, {"password": ""}, {"password": 1}, {"password": PASSWORD, "otp": 1}, {"x": 1}])
def test_a_bad_body_does_not_step_up(world: World, body: Any) -> None:
    assert world.client.post("/v1/auth/step-up", as_=world.ada, json=body).status == 422


def test_a_new_password_ends_every_other_session(world: World) -> None:
    elsewhere = login(world).json()
    assert change_password(world).status == 204
    assert refresh(world, elsewhere["refresh_token"]).code == "invalid_token"
    assert refresh(world, world.ada.refresh_token).status == 200
    assert login(world).code == "invalid_credentials"
    assert login(world, password=NEW).status == 200
    assert world.mail_to(world.ada.email)[-1].subject == "Your password was changed"
    assert "password.changed" in actions(world)
    assert ask_for_email(world, as_=elsewhere["access_token"], password=NEW).code == "invalid_token"


@pytest.mark.parametrize(("current", "password", "status"), [
    ("a wrong one", NEW, 401), (PASSWORD, "short", 422), (PASSWORD, "x" * 129, 422), (PASSWORD, 1, 422), (1, NEW, 422),
])  # fmt: skip
def test_a_password_is_not_changed_by(world: World, current: Any, password: Any, status: int) -> None:
    assert change_password(world, current, password).status == status
    assert login(world).status == 200


def test_sessions_are_listed_and_ended_one_by_one(world: World) -> None:
    headers = {"User-Agent": "curl/8.5", "CloudFront-Viewer-Country": "DE"}
    body = {"email": world.ada.email, "password": PASSWORD}
    other = world.client.post("/v1/auth/login", json=body, headers=headers).json()
    answer = world.client.get("/v1/me/sessions", as_=world.ada)
    assert answer.status == 200, answer.text
    here, there = sorted(answer.json()["data"], key=lambda session: not session["current"])
    assert (here["current"], here["user_agent"], here["tenant_id"]) == (True, None, world.ada.tenant_id)
    assert (there["current"], there["user_agent"], there["country"]) == (False, "curl/8.5", "DE")
    assert world.client.delete(f"/v1/me/sessions/{there['id']}", as_=world.ada).status == 204
    assert refresh(world, other["refresh_token"]).code == "invalid_token"
    left = world.client.get("/v1/me/sessions", as_=world.ada).json()
    assert (left["data"], left["next_cursor"], left["has_more"]) == ([here], None, False)
    assert "session.ended" in actions(world)


def test_a_strangers_session_is_like_none_at_all(world: World) -> None:
    (cyds,) = world.client.get("/v1/me/sessions", as_=world.cyd).json()["data"]
    seen = []
    with Faults() as faults:
        for session_id in (cyds["id"], "ses_" + "0" * 26):
            faults.calls.clear()
            answer = world.client.delete(f"/v1/me/sessions/{session_id}", as_=world.ben)
            seen.append((answer.status, answer.code, list(faults.calls)))
    assert seen[0] == seen[1]
    assert seen[0][:2] == (404, "not_found")
    assert refresh(world, world.cyd.refresh_token).status == 200


def test_sessions_come_page_by_page(world: World) -> None:
    login(world)
    first = world.client.get("/v1/me/sessions", as_=world.ada, query={"limit": 1}).json()
    assert first["has_more"]
    second = world.client.get("/v1/me/sessions", as_=world.ada, query={"limit": 1, "cursor": first["next_cursor"]})
    assert len({session["id"] for page in (first, second.json()) for session in page["data"]}) == 2
    for query in ({"limit": 0}, {"cursor": "x"}, {"cursor": first["next_cursor"], "user_id": world.cyd.user_id}):
        assert world.client.get("/v1/me/sessions", as_=world.ada, query=query).status == 422
    assert world.client.get("/v1/me/sessions", as_=world.cyd, query={"cursor": first["next_cursor"]}).status == 422


def test_reads_take_three_store_calls_at_most(world: World) -> None:
    with Faults() as faults:
        for path in ("/v1/me", "/v1/me/sessions"):
            faults.calls.clear()
            assert world.client.get(path, as_=world.ada).status == 200
            assert len(faults.calls) <= 3


def test_a_key_does_not_ask_for_a_session(world: World) -> None:
    key = world.api_key(world.ada, Scope.SITES_READ)
    assert world.client.get("/v1/sites", as_=key).status == 200
