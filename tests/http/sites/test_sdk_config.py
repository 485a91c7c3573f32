"""What the SDK starts from, and the door for browsers: exact origins, and CORS on every answer (SECURITY 15)."""

from __future__ import annotations

import pytest

from tests.http.sites.test_sites import make
from tests.world import World

ORIGIN = "https://shop.example"
FOREIGN = [
    "null",
    "*",
    "http://shop.example",
    "https://shop.example:443",
    "https://shop.example:8443",
    "https://www.shop.example",
    "https://evilshop.example",
    "https://shop.example.evil.test",
    "https://SHOP.example",
    "HTTPS://shop.example",
    "https://shop.example/",
    "https://shop.example.",
    "https://user@shop.example",
    "https://shop.example https://evil.test",
    "",
]


def test_the_sdk_starts_from_public_facts(world: World) -> None:
    site = make(world)
    answer = world.client.get(f"/v1/sdk/{site['site_key']}/config", headers={"Origin": ORIGIN})
    assert answer.status == 200
    assert answer.json() == {
        "vapid_public_key": site["vapid_public_key"],
        "worker_scope": "/pushsaas/",
        "prompt": {"style": "soft", "trigger": "action", "ask_again_after_days": 30},
    }
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in answer.headers


def test_a_page_of_our_own_origin_sends_none_and_may_read(world: World) -> None:
    answer = world.client.get(f"/v1/sdk/{make(world)['site_key']}/config")
    assert (answer.status, answer.headers["vary"]) == (200, "Origin")
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_a_page_of_any_other_origin_may_not(world: World, method: str, origin: str) -> None:
    path = f"/v1/sdk/{make(world)['site_key']}/config"
    answer = world.client.request(method, path, headers={"Origin": origin})
    assert (answer.status, answer.code, answer.headers["vary"]) == (403, "origin_not_allowed", "Origin")
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_an_http_origin_is_only_for_building(world: World) -> None:
    site = make(world, url="http://localhost:3000", origins=["http://localhost:3000"])
    path = f"/v1/sdk/{site['site_key']}/config"
    assert world.client.get(path, headers={"Origin": "http://localhost:3000"}).status == 200
    assert world.client.get(path, headers={"Origin": "http://localhost:3001"}).status == 403


def test_a_preflight_names_what_the_path_takes(world: World) -> None:
    answer = world.client.options(f"/v1/sdk/{make(world)['site_key']}/config", headers={"Origin": ORIGIN})
    assert (answer.status, answer.text) == (204, "")
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-methods"] == "GET, OPTIONS"
    assert answer.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in answer.headers


def test_a_preflight_without_an_origin_is_none(world: World) -> None:
    assert world.client.options(f"/v1/sdk/{make(world)['site_key']}/config").status == 403


@pytest.mark.parametrize("site_key", ["pk_" + "0" * 32, "x", "pk_", "pk_%2e%2e", "site_01hzy3f5c8k9m2n4p6q8r0s1t2"])
def test_an_unknown_site_key_is_unknown_to_any_page(world: World, site_key: str) -> None:
    for origin in (ORIGIN, "https://evil.test"):
        answer = world.client.get(f"/v1/sdk/{site_key}/config", headers={"Origin": origin})
        assert (answer.status, answer.code) == (404, "not_found")
        assert "access-control-allow-origin" not in answer.headers


def test_a_changed_list_of_origins_holds_at_once(world: World) -> None:
    site = make(world)
    path = f"/v1/sdk/{site['site_key']}/config"
    assert world.client.get(path, headers={"Origin": ORIGIN}).status == 200
    world.client.patch(f"/v1/sites/{site['id']}", as_=world.ada, json={"origins": ["https://new.example"]})
    assert world.client.get(path, headers={"Origin": ORIGIN}).status == 403
    assert world.client.get(path, headers={"Origin": "https://new.example"}).status == 200
