"""Somebody forgets the password and gets back in; whoever had it is out."""

from __future__ import annotations

import re

from tests.world import PASSWORD, World

NEW = "one they will remember"


def linked(world: World, email: str) -> tuple[str, str]:
    """The path of the newest letter's link, and its token."""
    found = re.search(r"http://127\.0\.0\.1:8000(/[\w-]+)\?token=([\w.-]+)", world.mail_to(email)[-1].text)
    assert found
    return found[1], found[2]


def test_somebody_forgets_the_password_and_gets_back_in(world: World) -> None:
    client, ada = world.client, world.ada
    login = {"email": ada.email, "password": PASSWORD}
    thief = client.post("/v1/auth/login", json=login).json()
    assert client.post("/v1/auth/password/forgot", json={"email": ada.email}).status == 202

    path, token = linked(world, ada.email)
    page = client.get(path, query={"token": token})
    assert (page.status, 'action="/v1/auth/password/reset"' in page.text) == (200, True)
    assert client.post("/v1/auth/password/reset", json={"token": token, "password": NEW}).status == 204

    assert client.post("/v1/auth/login", json=login).code == "invalid_credentials"
    back = client.post("/v1/auth/login", json=login | {"password": NEW})
    assert back.json()["tenant"]["id"] == ada.tenant_id
    assert client.post("/v1/auth/refresh", json={"refresh_token": thief["refresh_token"]}).code == "invalid_token"
    stolen = client.post("/v1/api-keys", as_=thief["access_token"], json={"name": "x", "scopes": ["sites:read"]})
    assert stolen.code == "invalid_token"
    assert "was changed" in world.mail_to(ada.email)[-1].subject
    assert client.post("/v1/auth/password/reset", json={"token": token, "password": PASSWORD}).code == "invalid_token"


def test_somebody_moves_to_another_address_and_forgets_the_password_there(world: World) -> None:
    client, ada, new = world.client, world.ada, "ada@elsewhere.example"
    assert client.post("/v1/me/email", as_=ada, json={"email": new, "password": PASSWORD}).status == 202
    path, token = linked(world, new)
    assert (path, client.get(path).status) == ("/confirm-email", 200)
    assert client.post("/v1/auth/email/confirm", json={"token": token, "password": PASSWORD}).status == 204
    for email in (ada.email, new):
        client.post("/v1/auth/password/forgot", json={"email": email})
    assert "/reset" not in world.mail_to(ada.email)[-1].text  # the old address opens nothing any more
    path, token = linked(world, new)
    assert path == "/reset"
    assert client.post("/v1/auth/password/reset", json={"token": token, "password": NEW}).status == 204
    assert client.post("/v1/auth/login", json={"email": new, "password": NEW}).status == 200
