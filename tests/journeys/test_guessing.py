"""Somebody wants into Ada's account, and somebody to fill her mailbox. She hardly notices."""

from __future__ import annotations

import pytest

from tests.world import PASSWORD, World

pytestmark = pytest.mark.usefixtures("real_limits")

AT_HOME, ON_THE_TRAIN = "203.0.113.7", "198.51.100.1"


def test_ada_works_on_while_her_password_is_guessed_and_letters_are_asked_for(world: World) -> None:
    ada = {"email": world.ada.email, "password": PASSWORD}
    signed_in = world.client.post("/v1/auth/login", json=ada, address=AT_HOME).json()

    guesses = []
    for number in range(40):
        guess = {"email": world.ada.email, "password": f"correct horse {number}"}
        guesses.append(world.client.post("/v1/auth/login", json=guess, address=f"192.0.2.{number}").status)
        asked = world.client.post("/v1/auth/password/forgot", json={"email": world.ada.email}, address="192.0.2.200")
        assert asked.status == 202
        world.clock.advance(seconds=20)
    assert guesses == [401] * 5 + [429] * 35

    assert world.client.post("/v1/auth/login", json=ada, address=ON_THE_TRAIN).status == 429  # nobody knows this one
    known = ada | {"device_token": signed_in["device_token"]}
    again = world.client.post("/v1/auth/login", json=known, address=ON_THE_TRAIN)
    assert again.status == 200, again.text
    me = world.client.get("/v1/me", as_=again.json()["access_token"])
    assert (me.status, me.json()["user"]["email"]) == (200, world.ada.email)
    assert len(world.mail_to(world.ada.email)) <= 3

    world.clock.advance(minutes=15)  # the guessers have gone home
    assert world.client.post("/v1/auth/login", json=ada, address=ON_THE_TRAIN).status == 200
