"""Subscriptions as a browser's page asks for them: by site key, origin and token."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.subscriptions.pages import ORIGIN, Shop, subscription
from tests.unit.subscriptions.memory import endpoint, signed

UNKNOWN = "sub_" + "0" * 32


def test_a_browser_subscribes_and_is_known_from_then_on(shop: Shop) -> None:
    first, again = shop.subscribe(), shop.subscribe()
    assert (first.status, again.status) == (201, 200)
    assert set(first.json()) == {"subscription_id", "token", "vapid_public_key"}
    assert first.json() == again.json()
    assert shop.subscribe("another").json() != first.json()


def test_all_that_a_page_says_is_kept(shop: Shop) -> None:
    subscription_id, _ = shop.subscribed(
        tags=["news", "é"],
        attributes={"plan": "pro", "age": 44, "score": 0.5, "is_vip": True, "born": "1980-02-29"},
        timezone="Europe/Berlin",
        language="de-ch",
        consent={"text": "Yes, send me news.", "version": "3", "at": "2026-01-02T03:04:05+01:00"},
        **shop.signed("user-1"),
    )
    known = shop.show(subscription_id)
    assert (known["tags"], known["timezone"], known["language"]) == (["news", "é"], "Europe/Berlin", "de-CH")
    assert known["attributes"] == {"plan": "pro", "age": 44, "score": 0.5, "is_vip": True, "born": "1980-02-29"}
    assert known["external_id"] == "user-1"
    assert known["consent"] == {"text": "Yes, send me news.", "version": "3", "at": "2026-01-02T02:04:05Z"}
    assert (known["status"], known["browser"], known["push_host"]) == ("active", "chrome", "fcm.googleapis.com")


@pytest.mark.parametrize(
    ("timezone", "language"),
    [
        ("Etc/Unknown", "en-US@posix"),
        ("localtime", "C"),
        ("GMT+2", ""),
        ("", "x" * 999),
        ("é", "é"),
        ("UTC ", "de_DE"),
        ("../../etc/passwd", "de" * 20),
    ],
)
def test_a_browser_that_calls_its_zone_and_language_oddly_is_heard_all_the_same(
    shop: Shop, timezone: str, language: str
) -> None:
    odd = {"timezone": timezone, "language": language}
    subscription_id, token = shop.subscribed(tags=["news"], **odd, **shop.signed("user-1"))
    known = shop.show(subscription_id)
    assert (known["tags"], known["external_id"], known["timezone"], known["language"]) == (
        ["news"],
        "user-1",
        None,
        None,
    )
    named = {"timezone": "Asia/Calcutta", "language": "pt-br"}
    for said in (named, {**odd, "tags": ["more"]}):
        assert shop.ask("PATCH", f"/{subscription_id}", token=token, json=said).status == 204
    known = shop.show(subscription_id)
    assert (known["tags"], known["timezone"], known["language"]) == (["more"], "Asia/Calcutta", "pt-BR")
    taken_back = {"timezone": None, "language": None}
    assert shop.ask("PATCH", f"/{subscription_id}", token=token, json=taken_back).status == 204
    assert shop.show(subscription_id)["timezone"] is None


def test_a_browser_changes_and_ends_its_own(shop: Shop) -> None:
    subscription_id, token = shop.subscribed(tags=["old"], attributes={"a": 1})
    said = {"tags": ["new"], "attributes": {"b": 2, "a": None}, "timezone": "UTC", **shop.signed("user-1")}
    assert shop.ask("PATCH", f"/{subscription_id}", token=token, json=said).status == 204
    known = shop.show(subscription_id)
    assert (known["tags"], known["attributes"], known["external_id"]) == (["new"], {"b": 2}, "user-1")
    logout = shop.ask("PATCH", f"/{subscription_id}", token=token, json={"external_id": None})
    assert (logout.status, shop.show(subscription_id)["external_id"]) == (204, None)
    for _ in range(2):
        assert shop.ask("DELETE", f"/{subscription_id}", token=token).status == 204
    assert shop.show(subscription_id)["ended_reason"] == "unsubscribed"
    late = shop.ask("PATCH", f"/{subscription_id}", token=token, json={"tags": []})
    assert (late.status, late.code) == (409, "subscription_ended")
    assert late.json()["ended_reason"] == "unsubscribed"
    assert shop.subscribe().status == 200
    assert shop.show(subscription_id)["status"] == "active"


def test_a_no_from_before_the_last_yes_ends_nothing(shop: Shop) -> None:
    subscription_id, token = shop.subscribed(said_at="2026-01-02T03:00:00.002Z")
    path = f"/{subscription_id}?said_at="
    assert shop.ask("DELETE", f"{path}2026-01-02T03:00:00.001Z", token=token).status == 204
    assert shop.show(subscription_id)["status"] == "active"
    assert shop.ask("DELETE", f"{path}2026-01-02T03:00:00.003Z", token=token).status == 204
    assert shop.show(subscription_id)["ended_reason"] == "unsubscribed"
    late = shop.subscribe(said_at="2026-01-02T03:00:00.002Z")
    assert (late.status, late.code) == (409, "subscription_ended")


@pytest.mark.parametrize("query", ["said_at=", "said_at=yesterday", "said_at=1700000000000", "said_ms=1"])
def test_a_no_that_cannot_be_read_ends_nothing(shop: Shop, query: str) -> None:
    subscription_id, token = shop.subscribed()
    assert shop.ask("DELETE", f"/{subscription_id}?{query}", token=token).status == 422
    assert shop.show(subscription_id)["status"] == "active"


def test_a_new_endpoint_takes_over(shop: Shop) -> None:
    old, _ = shop.subscribed("old", tags=["news"], **shop.signed("user-1"))
    new, _ = shop.subscribed("new", previous_endpoint=endpoint("old"))
    assert (shop.show(old)["status"], shop.show(old)["ended_reason"]) == ("ended", "replaced")
    assert (shop.show(new)["tags"], shop.show(new)["external_id"]) == (["news"], "user-1")


@pytest.mark.parametrize("endpoint_of", ["x", "new"])
def test_a_renewal_brings_nobody_back(shop: Shop, endpoint_of: str) -> None:
    removed, _ = shop.subscribed("x")
    assert shop.world.client.delete(f"{shop.audience}/{removed}", as_=shop.world.ada).status == 204
    again = {"previous_endpoint": endpoint("x"), "is_renewal": True}
    refused = shop.subscribe(endpoint_of, **again)
    assert (refused.status, refused.json()["ended_reason"]) == (409, "removed")
    assert shop.subscribe("other", **again | {"previous_endpoint": endpoint("unknown")}).status == 404
    assert shop.subscribe(endpoint_of, **again | {"is_renewal": False}).status in {200, 201}


@pytest.mark.parametrize("token", [None, "", "x", "é", "A" * 43])
def test_without_its_token_nobody_touches_a_subscription(shop: Shop, token: str | None) -> None:
    subscription_id, _ = shop.subscribed(tags=["mine"])
    _, others = shop.subscribed("another")
    before = shop.show(subscription_id)
    answers = [
        shop.ask(method, f"/{asked}", token=proof, json={"tags": ["theirs"]})
        for method in ("PATCH", "DELETE")
        for asked in (subscription_id, UNKNOWN, "x")
        for proof in (token, others)
    ]
    assert {(answer.status, answer.code) for answer in answers} == {(401, "bad_subscription_token")}
    assert shop.show(subscription_id) == before


def test_a_token_of_another_site_opens_nothing(shop: Shop, foreign_shop: Shop) -> None:
    mine, my_token = shop.subscribed()
    theirs, their_token = foreign_shop.subscribed()
    assert mine != theirs
    for asked, token in ((mine, their_token), (theirs, their_token), (theirs, my_token)):
        assert shop.ask("DELETE", f"/{asked}", token=token).status == 401
    assert shop.show(mine)["status"] == "active"


def test_an_external_id_is_proven_by_the_sites_server(shop: Shop, foreign_shop: Shop) -> None:
    missing = shop.subscribe(external_id="user-1")
    assert (missing.status, missing.json()["errors"][0]["pointer"]) == (422, "/external_id_signature")
    for secret in (foreign_shop.identity_secret, "", "ids_guess"):
        wrong = shop.subscribe(external_id="user-1", external_id_signature=signed(secret, "user-1"))
        assert (wrong.status, wrong.code) == (403, "external_id_unproven")
    assert shop.world.aws.rows("subs") == []


# --- CORS: the same door for every route, and for every answer (SECURITY 15) ---

ROUTES = [("POST", ""), ("PATCH", f"/{UNKNOWN}"), ("DELETE", f"/{UNKNOWN}")]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_page_may_read_its_refusals_too(shop: Shop, method: str, path: str) -> None:
    bodies: list[dict[str, Any]] = [
        {"body": b"{"},
        {"body": b"[]"},
        {"json": {"x": 1}},
        {"body": b"x" * 300_000},
        {"json": {}},
    ]
    for words in bodies:
        answer = shop.ask(method, path, **words)
        assert answer.status in {400, 401, 413, 422}
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert answer.headers["vary"] == "Origin"
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", [None, "null", "http://shop.example", "https://www.shop.example", "https://SHOP.example"]
)
@pytest.mark.parametrize(("method", "path"), [*ROUTES, ("OPTIONS", ""), ("OPTIONS", f"/{UNKNOWN}")])
def test_a_page_of_any_other_origin_reads_nothing(shop: Shop, method: str, path: str, origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin}
    answer = shop.world.client.request(method, shop.sdk + path, headers=headers, json={"subscription": subscription()})
    assert (answer.status, answer.code, answer.headers["vary"]) == (403, "origin_not_allowed", "Origin")
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert shop.world.aws.rows("subs") == []


@pytest.mark.parametrize(("path", "methods"), [("", "OPTIONS, POST"), (f"/{UNKNOWN}", "DELETE, OPTIONS, PATCH")])
def test_a_preflight_names_what_the_path_takes(shop: Shop, path: str, methods: str) -> None:
    answer = shop.ask("OPTIONS", path)
    assert (answer.status, answer.headers["access-control-allow-methods"]) == (204, methods)
    assert answer.headers["access-control-allow-headers"] == "Content-Type, X-Subscription-Token"
    assert answer.headers["access-control-allow-origin"] == ORIGIN


def test_a_preflight_is_granted_whatever_the_query_will_be_worth(shop: Shop) -> None:
    """Its refusal would be all that the page hears."""
    for query in ("said_at=2026-01-02T03:00:00Z", "said_at=yesterday", "x=1"):
        assert shop.ask("OPTIONS", f"/{UNKNOWN}?{query}").status == 204


# --- What is refused ---


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/subscription"),
        ({"subscription": None}, "/subscription"),
        ({"subscription": "x"}, "/subscription"),
        ({"subscription": {}}, "/subscription/endpoint"),
        ({"subscription": subscription() | {"endpoint": "https://evil.test/x"}}, "/subscription/endpoint"),
        ({"subscription": subscription() | {"endpoint": "https://127.0.0.1/x"}}, "/subscription/endpoint"),
        ({"subscription": subscription() | {"endpoint": 7}}, "/subscription/endpoint"),
        ({"subscription": subscription() | {"endpoint": endpoint("x" * 3_000)}}, "/subscription/endpoint"),
        ({"subscription": subscription() | {"keys": {}}}, "/subscription/keys/p256dh"),
        ({"subscription": subscription() | {"keys": {"p256dh": "AAAA", "auth": "AAAA"}}}, "/subscription/keys/p256dh"),
        ({"tags": "news"}, "/tags"),
        ({"tags": [1]}, "/tags/0"),
        ({"tags": [""]}, "/tags/0"),
        ({"tags": [str(n) for n in range(65)]}, "/tags"),
        ({"attributes": []}, "/attributes"),
        ({"attributes": {"a": {}}}, "/attributes/a"),
        ({"attributes": {"a": [1]}}, "/attributes/a"),
        ({"attributes": {"a": "x" * 257}}, "/attributes"),
        ({"attributes": {"a": 9_007_199_254_740_992}}, "/attributes"),
        ({"attributes": {str(n): n for n in range(33)}}, "/attributes"),
        ({"timezone": 7}, "/timezone"),
        ({"language": ["de"]}, "/language"),
        ({"external_id": ""}, "/external_id"),
        ({"external_id": 1}, "/external_id"),
        ({"consent": {"at": "yesterday"}}, "/consent/at"),
        ({"consent": {"at": "2026-01-01T00:00:00"}}, "/consent/at"),
        ({"consent": {"at": "0001-01-01T00:00:00+14:00"}}, "/consent/at"),
        ({"consent": {"at": "2999-01-01T00:00:00Z"}}, "/consent/at"),
        ({"consent": {"text": "x" * 2_001}}, "/consent/text"),
        ({"consent": {"agreed": True}}, "/consent/agreed"),
        ({"previous_endpoint": 1}, "/previous_endpoint"),
        ({"said_at": "yesterday"}, "/said_at"),
        ({"said_at": 1_700_000_000_000}, "/said_at"),
        ({"said_ms": 1}, "/said_ms"),
        ({"vapid_public_key": 7}, "/vapid_public_key"),
        ({"vapid_public_key": "x" * 201}, "/vapid_public_key"),
        ({"site_id": "site_x"}, "/site_id"),
        ({"status": "active"}, "/status"),
        ({"active_since": 0}, "/active_since"),
        ({"key_id": "vap_x"}, "/key_id"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_stored(shop: Shop, body: dict[str, Any], pointer: str) -> None:
    sent = body if not body or "subscription" in body else {"subscription": subscription(), **body}
    answer = shop.ask("POST", json=sent)
    assert answer.status == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert shop.world.aws.rows("subs") == []


def test_what_a_browser_adds_to_its_subscription_some_day_is_ignored(shop: Shop) -> None:
    some_day = subscription() | {"expirationTime": 1.5, "options": {"x": 1}}
    some_day["keys"] |= {"p384": "x"}
    assert shop.ask("POST", json={"subscription": some_day}).status == 201


HOSTILE: dict[str, tuple[bytes | str, int]] = {
    "empty": (b"", 400),
    "a list": (b"[]", 400),
    "deep": (b'{"subscription":' + b'{"a":' * 30_000 + b"1" + b"}" * 30_001, 400),
    "many keys": (b'{"attributes":{' + b",".join(b'"%d":1' % n for n in range(501)) + b"}}", 400),
    "an endless number": (b'{"attributes":{"a":' + b"9" * 5_000 + b"}}", 400),
    "a number past infinity": (b'{"attributes":{"a":1e999}}', 400),
    "half a character": (b'{"tags":["\\ud800"]}', 400),
    "5 MB": (b'{"tags":["' + b"x" * 5_000_000 + b'"]}', 413),
}


@pytest.mark.parametrize("body", HOSTILE)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_hostile_body_is_refused_plainly(shop: Shop, method: str, body: str) -> None:
    raw, status = HOSTILE[body]
    answer = shop.ask(method, "" if method == "POST" else f"/{UNKNOWN}", body=raw)
    assert answer.status == status, answer.text
    assert shop.world.aws.rows("subs") == []


# --- Tags by what changes, and what a call shows ---


def test_tags_are_added_and_removed_by_page_and_owner(shop: Shop) -> None:
    subscription_id, token = shop.subscribed(tags=["a", "b"])
    said = {"tags": {"add": ["c"], "remove": ["a"]}}
    assert shop.ask("PATCH", f"/{subscription_id}", token=token, json=said).status == 204
    assert shop.show(subscription_id)["tags"] == ["b", "c"]
    path = f"{shop.audience}/{subscription_id}"
    answer = shop.world.client.patch(path, as_=shop.world.ada, json={"tags": {"add": ["d"], "remove": ["b"]}})
    assert answer.json()["tags"] == ["c", "d"]
    shop.subscribe(tags={"add": ["e"]})
    assert shop.show(subscription_id)["tags"] == ["c", "d", "e"]


@pytest.mark.parametrize(
    ("tags", "pointer"),
    [
        ({"add": "a"}, "/tags/add"),
        ({"add": [1]}, "/tags/add/0"),
        ({"add": [""]}, "/tags/add/0"),
        ({"remove": None}, "/tags/remove"),
        ({"add": ["a"], "remove": ["a"]}, "/tags/remove"),
        ({"plus": ["a"]}, "/tags/plus"),
        ({"add": [str(n) for n in range(65)]}, "/tags/add"),
        ({"add": [f"new-{n}" for n in range(2)]}, "/tags/add"),
        (7, "/tags"),
    ],
)
def test_a_wrong_change_of_tags_is_named_and_changes_nothing(shop: Shop, tags: object, pointer: str) -> None:
    subscription_id, token = shop.subscribed(tags=[str(n) for n in range(63)])
    before = shop.show(subscription_id)
    answer = shop.ask("PATCH", f"/{subscription_id}", token=token, json={"tags": tags})
    assert answer.status == 422, answer.text
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}
    assert shop.show(subscription_id)["tags"] == before["tags"]


def test_country_and_browser_are_what_the_last_call_showed(shop: Shop) -> None:
    chromium = {"User-Agent": "Mozilla/5.0 Chrome/156.0.0.0 Safari/537.36 OPR/120.0"}
    answer = shop.ask(
        "POST", json={"subscription": subscription()}, headers={**chromium, "CloudFront-Viewer-Country": "DE"}
    )
    subscription_id, token = answer.json()["subscription_id"], answer.json()["token"]
    known = shop.show(subscription_id)
    assert (known["country"], known["browser"]) == ("DE", "opera")
    there = {"CloudFront-Viewer-Country": "PT"}
    assert shop.ask("PATCH", f"/{subscription_id}", token=token, json={}, headers=there).status == 204
    known = shop.show(subscription_id)
    assert (known["country"], known["browser"]) == ("PT", "opera")
    shop.world.client.patch(
        f"{shop.audience}/{subscription_id}",
        as_=shop.world.ada,
        json={"tags": []},
        headers={"CloudFront-Viewer-Country": "US"},
    )
    assert shop.show(subscription_id)["country"] == "PT"


def test_a_country_that_is_none_is_not_kept(shop: Shop) -> None:
    answer = shop.ask("POST", json={"subscription": subscription()}, headers={"CloudFront-Viewer-Country": "<script>"})
    assert shop.show(answer.json()["subscription_id"])["country"] is None
