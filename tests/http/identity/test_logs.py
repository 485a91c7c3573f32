"""What signing in and out leaves in the logs: that it happened, and nobody's address, password, token or key (SECURITY 24)."""

from __future__ import annotations

import re

import pytest

from chalicelib.core.identity import Scope
from tests.world import World

EMAIL, PASSWORD = "canary@example.com", "canary password"


def test_nothing_that_lets_anybody_in_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    post = world.client.post
    post("/v1/auth/register", json={"email": EMAIL, "password": PASSWORD, "tenant_name": "Canary"})
    token = re.findall(r"vt_\S+", world.mail_to(EMAIL)[0].text)[0]
    post("/v1/auth/verify-email", json={"token": token, "password": "canary wrong"})
    tokens = post("/v1/auth/verify-email", json={"token": token, "password": PASSWORD}).json()
    post("/v1/auth/verify-email", json={"token": token, "password": PASSWORD})
    post("/v1/auth/login", json={"email": EMAIL, "password": "canary wrong"})
    post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"] + "x"})
    key = world.api_key(world.ada, Scope.SITES_READ)
    world.client.get("/v1/me", as_=key)
    world.client.get("/v1/me", as_=tokens["access_token"] + "x")
    said = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert len([record for record in caplog.records if record.msg == "request_refused"]) == 6
    for secret in ("canary", token, tokens["refresh_token"], tokens["access_token"], key):
        assert secret not in said
