"""Subscriptions as the site's owner sees them over HTTP, and what nobody ever sees: the endpoint."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest

from chalicelib.aws import telemetry
from chalicelib.core.encoding import b64url
from chalicelib.core.identity import Scope
from tests.fakes.gateway import HttpAnswer
from tests.http.subscriptions.pages import Shop, subscription
from tests.unit.subscriptions.memory import AUTH, POINT, endpoint

UNKNOWN = "sub_" + "0" * 32


def get(shop: Shop, path: str = "", **query: object) -> HttpAnswer:
    return shop.world.client.get(shop.audience + path, as_=shop.world.ada, query=query)


def ids(answer: HttpAnswer) -> list[str]:
    return [row["id"] for row in answer.json()["data"]]


def test_a_list_is_paged_and_narrowed(shop: Shop, foreign_shop: Shop) -> None:
    made = sorted(shop.subscribed(n, tags=["even"] if n % 2 == 0 else [])[0] for n in range(7))
    foreign_shop.subscribed()
    first = get(shop, limit=4)
    second = get(shop, limit=4, cursor=first.json()["next_cursor"])
    assert ids(first) + ids(second) == made
    assert (first.json()["has_more"], second.json()["has_more"]) == (True, False)
    assert (len(ids(get(shop, tag="even"))), ids(get(shop, tag="none"))) == (4, [])
    subscription_id, token = shop.subscribed(3, **shop.signed("user-1"))
    assert ids(get(shop, external_id="user-1")) == [subscription_id]
    assert ids(get(shop, external_id="user-2")) == []
    shop.ask("DELETE", f"/{subscription_id}", token=token)
    assert ids(get(shop, status="ended")) == [subscription_id]
    assert len(ids(get(shop, status="active"))) == 6
    assert ids(get(shop, status="active", external_id="user-1")) == []


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"status": "gone"}, {"cursor": "AAAA"}, {"tagg": "x"}])
def test_a_wrong_question_is_refused(shop: Shop, query: dict[str, Any]) -> None:
    assert get(shop, **query).status == 422


def test_a_cursor_of_one_list_is_not_taken_by_another(shop: Shop) -> None:
    for n in range(3):
        shop.subscribed(n, tags=["a"])
    cursor = get(shop, limit=1).json()["next_cursor"]
    assert get(shop, limit=1, cursor=cursor).status == 200
    assert get(shop, limit=1, cursor=cursor, tag="a").code == "bad_cursor"


def test_the_owner_changes_and_removes(shop: Shop) -> None:
    subscription_id, _ = shop.subscribed(tags=["old"])
    path = f"{shop.audience}/{subscription_id}"
    said = {"tags": ["vip"], "attributes": {"plan": "pro"}, "external_id": "user-1", "language": "FR"}
    changed = shop.world.client.patch(path, as_=shop.world.ben, json=said)
    assert (changed.status, changed.json()) == (200, shop.show(subscription_id))
    assert {name: changed.json()[name] for name in said} == {**said, "language": "fr"}
    for _ in range(2):
        assert shop.world.client.delete(path, as_=shop.world.ben).status == 204
    assert shop.show(subscription_id)["ended_reason"] == "removed"
    late = shop.world.client.patch(path, as_=shop.world.ben, json=said)
    assert (late.status, late.code) == (409, "subscription_ended")
    assert late.json()["ended_reason"] == "removed"
    marks = {(row["action"], row["subject"]) for row in shop.world.aws.rows("audit") if "action" in row}
    assert {("subscription.changed", subscription_id), ("subscription.removed", subscription_id)} <= marks


def test_a_change_reaches_nothing_but_its_fields(shop: Shop) -> None:
    subscription_id, _ = shop.subscribed()
    before = shop.show(subscription_id)
    forbidden = [*before.keys() - {"tags", "attributes", "external_id", "timezone", "language"}]
    for name in [*forbidden, "endpoint", "keys", "rev", "tenant_id", "site_id", "key", "packed", "person", "v", "ttl"]:
        path = f"{shop.audience}/{subscription_id}"
        assert shop.world.client.patch(path, as_=shop.world.ada, json={name: "x"}).status == 422
    assert shop.show(subscription_id) == before


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"tags":' + b"[" * 99 + b"]" * 99 + b"}", b'{"tags":"x"}'])
def test_a_wrong_body_is_refused(shop: Shop, body: bytes) -> None:
    subscription_id, _ = shop.subscribed()
    path = f"{shop.audience}/{subscription_id}"
    assert shop.world.client.patch(path, as_=shop.world.ada, body=body).status in {400, 422}
    assert shop.world.client.patch(path, as_=shop.world.ada, body=b"x" * 5_000_000).status == 413


# --- Who may not ---


def requests(path: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    yield "GET", path, {}
    yield "PATCH", path, {"json": {"tags": ["theirs"]}}
    yield "DELETE", path, {}


def bare(answer: HttpAnswer) -> tuple[int, dict[str, Any]]:
    return answer.status, {name: value for name, value in answer.json().items() if name != "instance"}


def test_a_stranger_cannot_tell_a_foreign_subscription_from_none(shop: Shop, foreign_shop: Shop) -> None:
    world = shop.world
    subscription_id, _ = shop.subscribed()
    before = shop.show(subscription_id)
    sites = (shop.audience, foreign_shop.audience, "/v1/sites/site_01hzy3f5c8k9m2n4p6q8r0s1t2/subscriptions")
    answers = [
        bare(world.client.request(method, path, as_=world.cyd, **words))
        for site in sites
        for asked in (subscription_id, UNKNOWN)
        for method, path, words in requests(f"{site}/{asked}")
    ]
    assert {status for status, _ in answers} == {404}
    assert all(answer == answers[0] for answer in answers)
    assert bare(world.client.get(shop.audience, as_=world.cyd)) == answers[0]
    assert shop.show(subscription_id) == before


@pytest.mark.parametrize("asked", ["x", "sub_x", "sub_%00", "..%2fsite", UNKNOWN.upper()])
def test_what_cannot_be_an_id_is_unknown(shop: Shop, asked: str) -> None:
    assert get(shop, f"/{asked}").status == 404


def test_nobody_without_credentials_or_the_scope(shop: Shop) -> None:
    world = shop.world
    subscription_id, token = shop.subscribed()
    reader = world.api_key(world.ada, Scope.AUDIENCE_READ)
    other = world.api_key(world.ada, Scope.SITES_READ)
    for method, path, words in [*requests(f"{shop.audience}/{subscription_id}"), ("GET", shop.audience, {})]:
        assert world.client.request(method, path, **words).status == 401
        assert world.client.request(method, path, as_=token, **words).status == 401
        assert world.client.request(method, path, as_=other, **words).status == 403
        assert world.client.request(method, path, as_=reader, **words).status == (200 if method == "GET" else 403)


def test_a_key_bound_to_another_site_knows_nothing_of_this_one(shop: Shop) -> None:
    world = shop.world
    subscription_id, _ = shop.subscribed()
    made = world.client.post("/v1/sites", as_=world.ada, json={"name": "Other", "url": "https://other.example"})
    key = world.api_key(world.ada, Scope.AUDIENCE_READ, site_id=made.json()["id"])
    assert world.client.get(shop.audience, as_=key).status == 404
    assert world.client.get(f"{shop.audience}/{subscription_id}", as_=key).status == 404


@pytest.mark.parametrize("said", [{"timezone": "Mars/Base"}, {"language": "en-US@posix"}])
def test_an_owner_is_told_of_a_zone_or_language_that_is_none(shop: Shop, said: dict[str, str]) -> None:
    """Who could mend it; a browser cannot."""
    subscription_id, _ = shop.subscribed(tags=["news"])
    path = f"{shop.audience}/{subscription_id}"
    answer = shop.world.client.patch(path, as_=shop.world.ada, json={"tags": [], **said})
    (pointer,) = [f"/{name}" for name in said]
    assert (answer.status, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    assert shop.show(subscription_id)["tags"] == ["news"]


# --- The endpoint is a capability: it is in no answer, no log, and no other table ---


@pytest.fixture
def log() -> Iterator[StringIO]:
    """All that is written to the log, as it is written."""
    product, text = telemetry._logger(), StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(product.registered_formatter)
    product.addHandler(handler)
    yield text
    logging.getLogger("pushsaas").removeHandler(handler)


def test_an_endpoint_and_its_keys_are_never_shown_or_logged(shop: Shop, log: StringIO) -> None:
    answers = [
        shop.subscribe("canary", tags=["a"]),
        shop.subscribe("canary"),
        shop.subscribe("canary-2", previous_endpoint=endpoint("canary")),
        shop.subscribe("canary", external_id="u"),
        shop.subscribe("canary", external_id="u", external_id_signature="AAAA"),
        shop.ask("POST", json={"subscription": subscription("canary") | {"endpoint": "http://evil.test/canary"}}),
        shop.ask(
            "POST", json={"subscription": subscription("canary") | {"keys": {"p256dh": b64url(POINT), "auth": "x"}}}
        ),
        shop.ask("POST", json={"subscription": subscription("canary"), "extra": 1, "tags": "canary"}),
        shop.ask("POST", json={"subscription": subscription("canary")}, headers={"Origin": "https://evil.test"}),
        get(shop),
        get(shop, status="ended"),
    ]
    subscription_id = shop.subscribed("canary-2")[0]
    answers += [
        get(shop, f"/{subscription_id}"),
        shop.world.client.patch(f"{shop.audience}/{subscription_id}", as_=shop.world.ada, json={"tags": ["b"]}),
    ]
    shown = "".join(answer.text + str(answer.headers) for answer in answers)
    at_rest = str([row for table in ("core", "audit", "idem") for row in shop.world.aws.rows(table)])
    for secret in ("canary", b64url(POINT), b64url(AUTH)):
        assert secret not in shown
        assert secret not in log.getvalue()
        assert secret not in at_rest
    assert "request_refused" in log.getvalue()
    assert "canary" in shop.world.aws.dump()
