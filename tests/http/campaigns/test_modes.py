"""Test keys and weaker keys beside a live campaign: neither may change what is on its way for real."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.identity import Scope
from tests.world import World

_ALL = (Scope.CAMPAIGNS_READ, Scope.CAMPAIGNS_WRITE, Scope.CAMPAIGNS_SEND)
_MESSAGE = {"title": "Sale", "url": "https://shop.example/sale"}


@pytest.fixture
def campaigns(world: World) -> str:
    site = world.client.post("/v1/sites", as_=world.ada, json={"name": "Shop", "url": "https://shop.example"}).json()
    return f"/v1/sites/{site['id']}/campaigns"


def make(world: World, campaigns: str, *, as_: Any, **words: object) -> dict[str, Any]:
    asked = {"name": "x", "message": _MESSAGE, "audience": {"all": True}, **words}
    answer = world.client.post(campaigns, as_=as_, json=asked)
    assert answer.status == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def in_an_hour(world: World) -> dict[str, Any]:
    return {"schedule": {"send_at": (world.clock.now() + timedelta(hours=1)).isoformat()}}


def test_a_test_key_cannot_touch_a_live_campaign_on_its_way(world: World, campaigns: str) -> None:
    key = world.api_key(world.ada, *_ALL, mode="test")
    campaign = make(world, campaigns, as_=world.ada, **in_an_hour(world))
    path = f"{campaigns}/{campaign['id']}"
    for method, where, body in [
        ("PATCH", "", {"name": "y"}),
        ("DELETE", "", None),
        ("POST", "/schedule", in_an_hour(world)),
        ("POST", "/unschedule", None),
        ("POST", "/send", None),
        ("POST", "/cancel", None),
        ("POST", "/pause", None),
        ("POST", "/resume", None),
    ]:
        answer = world.client.request(method, path + where, as_=key, json=body)
        assert (answer.status, answer.code) == (403, "live_campaign"), (method, where)
    assert world.client.get(path, as_=world.ada).json() == campaign


def test_a_test_key_does_as_it_likes_with_its_own(world: World, campaigns: str) -> None:
    key = world.api_key(world.ada, *_ALL, mode="test")
    campaign = make(world, campaigns, as_=key, **in_an_hour(world))
    assert campaign["mode"] == "test"
    path = f"{campaigns}/{campaign['id']}"
    assert world.client.patch(path, as_=key, json={"name": "y"}).status == 200
    assert world.client.post(f"{path}/cancel", as_=key).json()["status"] == "cancelled"


def test_what_will_go_out_is_changed_only_by_who_may_send(world: World, campaigns: str) -> None:
    writer = world.api_key(world.ada, Scope.CAMPAIGNS_READ, Scope.CAMPAIGNS_WRITE)
    draft, scheduled = make(world, campaigns, as_=writer), make(world, campaigns, as_=world.ada, **in_an_hour(world))
    assert world.client.patch(f"{campaigns}/{draft['id']}", as_=writer, json={"name": "y"}).status == 200
    refused = world.client.patch(f"{campaigns}/{scheduled['id']}", as_=writer, json={"name": "y"})
    assert (refused.status, refused.code) == (403, "forbidden")


@pytest.mark.parametrize("said", [1, "true", False, None])
def test_everyone_is_said_by_true_alone(world: World, campaigns: str, said: object) -> None:
    asked = {"name": "x", "message": _MESSAGE, "audience": {"all": said}}
    assert world.client.post(campaigns, as_=world.ada, json=asked).status == 422
