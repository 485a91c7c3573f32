"""The page the first letter leads to: it works under its own policy, and gives nothing away."""

from __future__ import annotations

from tests.world import World


def test_the_letters_link_leads_to_a_page_with_its_own_script(world: World) -> None:
    answer = world.client.get("/verify", query={"token": "reg_secret"})
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert '<script src="/verify.js"' in answer.text
    assert "reg_secret" not in answer.text
    assert "<style" not in answer.text


def test_the_script_is_served_as_one(world: World) -> None:
    answer = world.client.get("/verify.js")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert "fetch(form.action" in answer.text
    assert 'action="/v1/auth/verify-email"' in world.client.get("/verify").text


def test_the_page_is_the_same_for_every_token(world: World) -> None:
    tags = {world.client.get("/verify", query={"token": token}).headers["etag"] for token in ("a", "b")}
    assert len(tags) == 1
