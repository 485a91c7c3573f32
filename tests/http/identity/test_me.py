"""Who you are, over HTTP."""

from __future__ import annotations

from tests.world import World


def test_a_person_sees_who_they_are(world: World) -> None:
    answer = world.client.get("/v1/me", as_=world.ada)
    assert answer.status == 200, answer.text
    me = answer.json()
    assert me["user"] == {"id": world.ada.user_id, "email": "ada@example.com"}
