"""Sites over HTTP: who may, what comes back, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.core.encoding import unb64url
from chalicelib.core.identity import Scope
from tests.fakes.gateway import HttpAnswer
from tests.world import World

UNKNOWN = "site_01hzy3f5c8k9m2n4p6q8r0s1t2"
SHOP = {"name": "Shop", "url": "https://shop.example/de"}


def make(world: World, **words: object) -> dict[str, Any]:
    answer = world.client.post("/v1/sites", as_=world.ada, json={**SHOP, **words})
    assert answer.status == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def bare(answer: HttpAnswer) -> tuple[int, dict[str, Any]]:
    """Status and body, without what differs from one request to the next."""
    return answer.status, {name: value for name, value in answer.json().items() if name != "instance"}


def test_a_site_is_made_with_all_that_a_page_needs(world: World) -> None:
    site = make(world)
    assert set(site) == {
        "id", "name", "url", "origins", "subject", "site_key", "vapid_public_key", "snippet", "worker_snippet", "created_at",
        "sunset_after_days",
    }  # fmt: skip
    assert (site["name"], site["url"], site["origins"]) == ("Shop", SHOP["url"], ["https://shop.example"])
    assert len(unb64url(site["vapid_public_key"])) == 65
    assert site["subject"] == "mailto:push@example.com"
    assert site["snippet"] == (
        f'<script defer src="http://127.0.0.1:8000/sdk/v1/pushsaas.js" data-site="{site["site_key"]}"></script>'
    )
    assert site["worker_snippet"] == 'importScripts("http://127.0.0.1:8000/sdk/v1/worker.js");'
    assert world.client.get(f"/v1/sites/{site['id']}", as_=world.ada).json() == site


def test_the_same_idempotency_key_makes_one_site(world: World) -> None:
    headers = {"Idempotency-Key": "once"}
    answers = [world.client.post("/v1/sites", as_=world.ada, json=SHOP, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["idempotent-replayed"] == "true"
    assert len(world.client.get("/v1/sites", as_=world.ada).json()["data"]) == 1


def test_sites_are_listed_in_pages(world: World) -> None:
    made = {make(world, name=f"Shop {n}")["id"] for n in range(3)}
    first = world.client.get("/v1/sites", as_=world.ada, query={"limit": 2}).json()
    assert (len(first["data"]), first["has_more"]) == (2, True)
    second = world.client.get("/v1/sites", as_=world.ada, query={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert (second["has_more"], second["next_cursor"]) == (False, None)
    assert {site["id"] for site in first["data"] + second["data"]} == made
    assert world.client.get("/v1/sites", as_=world.cyd).json() == {"data": [], "next_cursor": None, "has_more": False}
    stolen = world.client.get("/v1/sites", as_=world.cyd, query={"cursor": first["next_cursor"]})
    assert (stolen.status, stolen.code) == (422, "bad_cursor")


def test_a_site_is_changed(world: World) -> None:
    site = make(world)
    changes = {"name": "New", "origins": ["https://New.example:443/"], "subject": "mailto:push@shop.com"}
    changed = world.client.patch(f"/v1/sites/{site['id']}", as_=world.ada, json=changes)
    assert changed.status == 200
    assert changed.json() == {**site, **changes, "origins": ["https://new.example"]}
    assert world.client.patch(f"/v1/sites/{site['id']}", as_=world.ada, json={}).json() == changed.json()


def test_a_closed_site_is_gone_for_everyone(world: World) -> None:
    site = make(world)
    path = f"/v1/sites/{site['id']}"
    answer = world.client.delete(path, as_=world.ada)
    assert (answer.status, answer.json()["status"]) == (202, "closing")
    assert answer.json()["job_id"].startswith("job_")
    for gone in (
        world.client.get(path, as_=world.ada),
        world.client.delete(path, as_=world.ada),
        world.client.get(f"{path}/subscriptions", as_=world.ada),
        world.client.get(f"/v1/sdk/{site['site_key']}/config"),
    ):
        assert gone.status == 404
    assert world.client.get("/v1/sites", as_=world.ada).json()["data"] == []


def test_mutations_leave_their_mark_in_the_audit_log(world: World) -> None:
    site = make(world)
    world.client.patch(f"/v1/sites/{site['id']}", as_=world.ada, json={"name": "New"})
    world.client.delete(f"/v1/sites/{site['id']}", as_=world.ada)
    marks = [
        (row["action"], row["subject"]) for row in world.aws.rows("audit") if row.get("action", "").startswith("site.")
    ]
    assert sorted(marks) == sorted((action, site["id"]) for action in ("site.created", "site.changed", "site.closed"))


# --- Who may not ---


def test_nobody_without_credentials(world: World) -> None:
    site = make(world)
    for method, path in (
        ("GET", "/v1/sites"),
        ("POST", "/v1/sites"),
        ("GET", f"/v1/sites/{site['id']}"),
        ("PATCH", f"/v1/sites/{site['id']}"),
        ("DELETE", f"/v1/sites/{site['id']}"),
    ):
        assert world.client.request(method, path, json=SHOP).status == 401


def test_a_stranger_cannot_tell_a_foreign_site_from_none(world: World) -> None:
    site = make(world)
    for method, words in (("GET", {}), ("PATCH", {"json": {"name": "Mine"}}), ("DELETE", {})):
        foreign, unknown = (
            world.client.request(method, f"/v1/sites/{site_id}", as_=world.cyd, **words)  # type: ignore[arg-type]  # the words of a request
            for site_id in (site["id"], UNKNOWN)
        )
        assert bare(foreign) == bare(unknown)
        assert foreign.status == 404
    assert world.client.get(f"/v1/sites/{site['id']}", as_=world.ada).json() == site


@pytest.mark.parametrize("site_id", ["x", "ten_01hzy3f5c8k9m2n4p6q8r0s1t2", "site_%00", "site_..%2f", "SITE_X", "%20"])
def test_what_cannot_be_an_id_is_unknown(world: World, site_id: str) -> None:
    assert world.client.get(f"/v1/sites/{site_id}", as_=world.ada).status == 404


def test_an_editor_reads_but_does_not_change(world: World) -> None:
    site = make(world)
    assert world.client.get(f"/v1/sites/{site['id']}", as_=world.ben).json() == site
    assert world.client.post("/v1/sites", as_=world.ben, json=SHOP).status == 403
    assert world.client.patch(f"/v1/sites/{site['id']}", as_=world.ben, json={"name": "x"}).status == 403
    assert world.client.delete(f"/v1/sites/{site['id']}", as_=world.ben).status == 403


def test_a_key_bound_to_one_site_knows_no_other(world: World) -> None:
    site, other = make(world), make(world)
    key = world.api_key(world.ada, Scope.SITES_READ, Scope.SITES_WRITE, site_id=site["id"])
    assert [found["id"] for found in world.client.get("/v1/sites", as_=key).json()["data"]] == [site["id"]]
    assert world.client.get(f"/v1/sites/{site['id']}", as_=key).status == 200
    assert world.client.get(f"/v1/sites/{other['id']}", as_=key).status == 404
    assert world.client.post("/v1/sites", as_=key, json=SHOP).status == 403


# --- What is refused ---


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"name": None}, "/name"),
        ({"name": " "}, "/name"),
        ({"name": 7}, "/name"),
        ({"name": "x" * 101}, "/name"),
        ({"url": "http://shop.example"}, "/url"),
        ({"url": "shop"}, "/url"),
        ({"url": ["https://shop.example"]}, "/url"),
        ({"origins": []}, "/origins"),
        ({"origins": "https://shop.example"}, "/origins"),
        ({"origins": ["https://shop.example", "null"]}, "/origins/1"),
        ({"origins": [f"https://{n}.example" for n in range(21)]}, "/origins"),
        ({"subject": "mailto:push@localhost"}, "/subject"),
        ({"site_key": "pk_mine"}, "/site_key"),
        ({"id": UNKNOWN}, "/id"),
        ({"tenant_id": "ten_x"}, "/tenant_id"),
        ({"vapid_public_key": "x"}, "/vapid_public_key"),
        ({"key_id": "x"}, "/key_id"),
        ({"rev": 1}, "/rev"),
    ],
)
def test_a_wrong_field_is_named(world: World, changes: dict[str, object], pointer: str) -> None:
    answer = world.client.post("/v1/sites", as_=world.ada, json={**SHOP, **changes})
    assert answer.status == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert world.client.get("/v1/sites", as_=world.ada).json()["data"] == []


def test_a_change_reaches_nothing_but_its_fields(world: World) -> None:
    site = make(world)
    for name in ("id", "site_key", "tenant_id", "vapid_public_key", "key_id", "created_at", "rev", "snippet", "state"):
        assert world.client.patch(f"/v1/sites/{site['id']}", as_=world.ada, json={name: "x"}).status == 422
    assert world.client.get(f"/v1/sites/{site['id']}", as_=world.ada).json() == site


HOSTILE: dict[str, tuple[bytes | str, int]] = {
    "empty": (b"", 400),
    "not JSON": (b"{", 400),
    "a list": (b"[]", 400),
    "a word": (b'"x"', 400),
    "null": (b"null", 400),
    "deep": (b'{"name":' + b"[" * 50_000 + b"]" * 50_000 + b"}", 400),
    "NaN": (b'{"name":NaN}', 400),
    "a key twice": (b'{"name":"a","name":"b"}', 400),
    "not UTF-8": (b'{"name":"\xff"}', 400),
    "half a character": (b'{"name":"\\ud800","url":"https://shop.example"}', 400),
    "5 MB": (b'{"name":"' + b"x" * 5_000_000 + b'"}', 413),
    "an object for a text": (b'{"name":{},"url":"https://shop.example"}', 422),
}


@pytest.mark.parametrize("body", HOSTILE)
def test_a_hostile_body_is_refused_plainly(world: World, body: str) -> None:
    raw, status = HOSTILE[body]
    answer = world.client.post("/v1/sites", as_=world.ada, body=raw)
    assert answer.status == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
