"""Every forgery of an access token at the real door: all 401 (SECURITY 5)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.aws import secrets
from chalicelib.aws.clients import client
from chalicelib.config import settings
from tests.adapters.identity.test_access_tokens import FORGERIES, KEY_SET, NOW, signed
from tests.world import World


@pytest.fixture
def door(world: World) -> Iterator[World]:
    """Whose keys are those that the forgers know the public half of."""
    name = settings().secret_jwt
    before = secrets.secret(name)
    _set(name, KEY_SET)
    world.clock.advance(seconds=(NOW - world.clock.now()).total_seconds())
    yield world
    _set(name, before)


def _set(name: str, text: str) -> None:
    client("ssm").put_parameter(Name=name, Value=text, Type="SecureString", Overwrite=True)
    secrets.forget()


@pytest.mark.parametrize("path", ["/v1/me", "/v1/sites"])
def test_twenty_forged_tokens_are_all_401(door: World, path: str) -> None:
    answers = {
        forgery: door.client.get(path, headers={"Authorization": f"Bearer {forge()}"})
        for forgery, forge in FORGERIES.items()
    }
    assert len(answers) >= 20
    assert {forgery: answer.status for forgery, answer in answers.items() if answer.status != 401} == {}


def test_one_that_is_right_in_everything_comes_in(door: World) -> None:
    """So that none of them fails for the door's sake."""
    assert door.client.get("/v1/sites", headers={"Authorization": f"Bearer {signed()}"}).status == 200
