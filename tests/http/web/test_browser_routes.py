"""Every route that browsers call from other people's pages, by every origin that is not the site's (SECURITY 15)."""

from __future__ import annotations

from typing import Any

import pytest

from app import app
from chalicelib.web.allow import Caller
from chalicelib.web.endpoint import Endpoint
from tests.fakes.gateway import HttpAnswer
from tests.http.sites.test_sdk_config import FOREIGN
from tests.http.subscriptions.pages import ORIGIN, Shop, open_shop, subscription
from tests.world import World

ROUTES = [endpoint for endpoint in app.endpoints if endpoint.allow.caller is Caller.BROWSER]
SPELLED = [
    *FOREIGN,
    "https://shop.example:0443",
    "https://shop.example@evil.test",
    "https://evil.test#https://shop.example",
    "https://shop.example%2eevil.test",
    "https://shop.example\x00.evil.test",
    "https://shop.example,https://evil.test",
    "https://shop\u3002example",
    "http://localhost",
    "https://shop.example" * 1_000,
    "file://",
    "chrome-extension://shop.example",
]


@pytest.fixture
def shop(world: World) -> Shop:
    return open_shop(world, world.ada)


def ask(shop: Shop, endpoint: Endpoint, origin: str | None, **words: Any) -> HttpAnswer:
    path = endpoint.path.format(site_key=shop.site_key, subscription_id="sub_" + "0" * 32)
    headers = {} if origin is None else {"Origin": origin}
    json = {"subscription": subscription()} if endpoint.takes_body else None
    return shop.world.client.request(endpoint.method, path, headers=headers, json=json, **words)


def granted(answer: HttpAnswer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


def test_there_are_some_and_each_has_its_preflight() -> None:
    assert len(ROUTES) >= 5
    assert {each.path for each in ROUTES} == {each.path for each in ROUTES if each.method == "OPTIONS"}


@pytest.mark.parametrize("endpoint", ROUTES, ids=lambda each: f"{each.method} {each.path}")
def test_no_other_origin_is_let_in_or_let_read(shop: Shop, endpoint: Endpoint) -> None:
    for origin in SPELLED:
        answer = ask(shop, endpoint, origin)
        assert (answer.status, answer.code, granted(answer)) == (403, "origin_not_allowed", {}), origin
        assert answer.headers["vary"] == "Origin"
    assert shop.world.aws.rows("subs") == []


@pytest.mark.parametrize("endpoint", ROUTES, ids=lambda each: f"{each.method} {each.path}")
def test_its_own_is_answered_by_name_and_without_credentials(shop: Shop, endpoint: Endpoint) -> None:
    answer = ask(shop, endpoint, ORIGIN)
    assert answer.status != 403
    assert granted(answer)["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-credentials" not in granted(answer)
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("endpoint", ROUTES, ids=lambda each: f"{each.method} {each.path}")
def test_nor_are_credentials_of_any_use_there(shop: Shop, endpoint: Endpoint) -> None:
    """An owner's token opens nothing to another page, in whatever browser it is."""
    answer = ask(shop, endpoint, "https://evil.test", as_=shop.world.ada)
    assert (answer.status, granted(answer)) == (403, {})


def test_no_other_route_is_open_to_pages(world: World) -> None:
    """Their answers are not for other people's pages, but for the contract, which everybody may read."""
    for endpoint in app.endpoints:
        if endpoint.allow.caller is not Caller.BROWSER and endpoint.path != "/openapi.json":
            path = endpoint.path.replace("{", "").replace("}", "")
            answer = world.client.request(endpoint.method, path, headers={"Origin": ORIGIN})
            assert granted(answer) == {}, path
