"""The pages that letters lead to: they work under their own policy, and give nothing away."""

from __future__ import annotations

import pytest

from tests.world import World

ACTIONS = {
    "/verify": "/v1/auth/verify-email",
    "/confirm-email": "/v1/auth/email/confirm",
    "/reset": "/v1/auth/password/reset",
    "/join": "/v1/invitations/accept",
    "/forgot": "/v1/auth/password/forgot",
}


@pytest.mark.parametrize(("path", "action"), ACTIONS.items())
def test_a_letters_link_leads_to_a_page_with_its_own_script(world: World, path: str, action: str) -> None:
    answer = world.client.get(path, query={"token": "reg_secret"})
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert '<script src="/verify.js"' in answer.text
    assert f'action="{action}"' in answer.text
    assert ("data-needs-token" in answer.text) is (path != "/forgot")
    assert "reg_secret" not in answer.text
    assert "<style" not in answer.text


def test_the_script_is_served_as_one(world: World) -> None:
    answer = world.client.get("/verify.js")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert "fetch(form.action" in answer.text


@pytest.mark.parametrize("path", ACTIONS)
def test_a_page_is_the_same_for_every_token(world: World, path: str) -> None:
    tags = {world.client.get(path, query={"token": token}).headers["etag"] for token in ("a", "b")}
    assert len(tags) == 1
