"""A look at a site over HTTP: what an owner sees of it, who may look, and where nobody is led."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.channels import registry
from chalicelib.channels.outside.curl import Way
from chalicelib.core.identity import Scope
from chalicelib.features.checks.model.finding import Subject
from infra.local.nearby import Nearby
from infra.local.push_service.service import PushService
from tests.adapters.outside.servers import Fickle, Watched
from tests.fakes.nowhere import Nobody
from tests.fakes.shop_front import Page, ShopFront, shop_front
from tests.http.sites.test_sites import make
from tests.world import World

PRODUCT = "http://127.0.0.1:8000"


@pytest.fixture
def shop() -> Iterator[ShopFront]:
    """As the local product leads: to this machine, and nowhere else."""
    registry.lead(Way(resolver=Nobody()), beside=Nearby)
    with shop_front() as standing:
        yield standing
    registry.lead(Way(resolver=Nobody()))


@pytest.fixture
def watched() -> Iterator[Watched]:
    """The guard of production, its sockets counted, and a DNS in which every name leads to a cloud's metadata."""
    watched = Watched()
    registry.lead(Way(resolver=Fickle([["169.254.169.254"]]), open=watched.open))
    yield watched
    registry.lead(Way(resolver=Nobody()))


def furnish(shop: ShopFront, site: Any) -> None:
    tag = f'<script defer src="{PRODUCT}/sdk/v1/pushsaas.js" data-site="{site["site_key"]}"></script>'
    shop.pages["/"] = Page(f"<!doctype html><title>Shop</title>{tag}")
    line = f'importScripts("{PRODUCT}/sdk/v1/worker.js");'
    shop.pages["/pushsaas-worker.js"] = Page(line, kind="text/javascript")


def check(world: World, site: Any, **words: Any) -> Any:
    answer = world.client.get(f"/v1/sites/{site['id']}/check", as_=words.get("as_", world.ada))
    assert answer.status == 200, answer.text
    return answer.json()


def by_id(answer: Any) -> dict[str, Any]:
    return {each["id"]: each for each in answer["findings"]}


def test_a_site_that_is_right_in_everything_is_told_so(world: World, shop: ShopFront) -> None:
    site = make(world, url=shop.url, origins=[shop.url], subject="mailto:ada@shop.dev")
    furnish(shop, site)
    sdk, origin = f"/v1/sdk/{site['site_key']}", {"Origin": shop.url}
    assert world.client.get(f"{sdk}/config?sdk=1.2.3-rc.1", headers=origin).status == 200
    browser = PushService.simulated(3, 1, vapid_public_key=site["vapid_public_key"])
    assert world.client.post(f"{sdk}/subscriptions", json={"subscription": browser}, headers=origin).status == 201
    answer = check(world, site)
    assert answer["ok"] is True
    found = by_id(answer)
    assert list(found) == [each.value for each in Subject]
    assert {name for name, each in found.items() if each["status"] != "ok"} == {"https"}  # loopback is for building
    assert found["https"]["status"] == "warning"
    assert {name for name, each in found.items() if each["fix"]} == {"https"}
    assert found["sdk_seen"]["seen_at"] == world.clock.now().isoformat().replace("+00:00", "Z")
    assert found["sdk_seen"]["detail"] == f"The SDK, version 1.2.3-rc.1, came from `{shop.url}`."
    assert shop.visits == ["/", "/pushsaas-worker.js"]


@pytest.mark.parametrize("said", ["", "x" * 21, "<b>", "1%0A2", "1&v=2"])
def test_what_is_no_version_is_refused(world: World, shop: ShopFront, said: str) -> None:
    site = make(world, url=shop.url, origins=[shop.url])
    answer = world.client.get(f"/v1/sdk/{site['site_key']}/config?sdk={said}", headers={"Origin": shop.url})
    assert answer.status == 422
    assert by_id(check(world, site))["sdk_seen"]["status"] == "warning"


def test_a_new_site_hears_what_is_missing_and_what_to_do(world: World, shop: ShopFront) -> None:
    site = make(world, url=f"{shop.url}/nowhere", origins=[shop.url])
    answer = check(world, site)
    found = by_id(answer)
    assert answer["ok"] is False
    assert {name for name, each in found.items() if each["status"] == "problem"} == {"page_reachable", "worker"}
    assert all(each["fix"] for each in found.values() if each["status"] in {"problem", "warning"})
    assert site["snippet"].count(site["site_key"]) == found["script_tag"]["fix"].count(site["site_key"]) == 1


def test_a_refused_page_is_told_with_its_origin(world: World, shop: ShopFront) -> None:
    site = make(world, url=shop.url, origins=[shop.url])
    furnish(shop, site)
    stranger = {"Origin": "https://www.evil.test"}
    assert world.client.get(f"/v1/sdk/{site['site_key']}/config", headers=stranger).status == 403
    found = by_id(check(world, site))["last_refusal"]
    assert (found["status"], found["seen_at"] is None) == ("warning", False)
    assert "https://www.evil.test" in found["detail"]
    assert "origin_not_allowed" in found["detail"]


@pytest.mark.parametrize(
    "url", ["https://169.254.169.254", "https://127.0.0.1", "https://10.0.0.1:8443/latest/meta-data"]
)
def test_no_number_is_visited(world: World, watched: Watched, url: str) -> None:
    found = by_id(check(world, make(world, url=url)))
    assert found["page_reachable"]["status"] == "problem"
    assert "no address that we visit" in found["page_reachable"]["detail"]
    assert watched.places == []


def test_nor_a_name_that_leads_inside(world: World, watched: Watched) -> None:
    found = by_id(check(world, make(world, url="https://shop.example/")))
    assert "not on the public internet" in found["page_reachable"]["detail"]
    assert found["worker"]["status"] == "unknown"
    assert watched.places == []


@pytest.mark.parametrize("toward", ["http://169.254.169.254/latest/meta-data", "//10.0.0.1/", "https://evil.test/"])
def test_nor_where_the_sites_own_server_would_send_us(world: World, shop: ShopFront, toward: str) -> None:
    shop.pages["/"] = Page(status=302, headers={"Location": toward})
    found = by_id(check(world, make(world, url=shop.url, origins=[shop.url])))
    assert found["page_reachable"]["status"] == "problem"
    assert "did not follow" in found["page_reachable"]["detail"]
    assert found["origin_listed"]["status"] == "problem"
    assert shop.visits[0] == "/"


def test_what_is_listed_is_followed_but_through_the_guard(world: World, shop: ShopFront) -> None:
    """An owner may list any https origin, so the list alone leads nowhere inside."""
    shop.pages["/"] = Page(status=302, headers={"Location": "https://169.254.169.254/"})
    site = make(world, url=shop.url, origins=[shop.url, "https://169.254.169.254"])
    assert "no address that we visit" in by_id(check(world, site))["page_reachable"]["detail"]


def test_only_who_may_read_sites_may_look(world: World, shop: ShopFront) -> None:
    site = make(world, url=shop.url, origins=[shop.url])
    path = f"/v1/sites/{site['id']}/check"
    assert world.client.get(path).status == 401
    assert world.client.get(path, as_=world.cyd).code == "not_found"
    assert world.client.get(path, as_=world.api_key(world.ada, Scope.CAMPAIGNS_READ)).status == 403
    assert world.client.get("/v1/sites/site_00000000000000000000000000/check", as_=world.ada).code == "not_found"
    assert shop.visits == []
    assert world.client.get(path, as_=world.ben).status == 200


@pytest.mark.usefixtures("real_limits")
def test_looking_is_counted_apart_and_not_for_ever(world: World, shop: ShopFront) -> None:
    site = make(world, url=shop.url, origins=[shop.url])
    path = f"/v1/sites/{site['id']}/check"
    answer = world.client.get(path, as_=world.ada)
    assert int(answer.headers["ratelimit-limit"]) == 60
    statuses = [world.client.get(path, as_=world.ada).status for _ in range(60)]
    assert (statuses[-1], statuses.count(200)) == (429, 59)
