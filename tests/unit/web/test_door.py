"""The HTTP door: who comes in, what a view sees, what goes out, and what is written down about it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from chalicelib.core.identity import Scope
from chalicelib.core.ids import is_id
from chalicelib.web.api import Api
from chalicelib.web.app import App
from chalicelib.web.middleware import SECURITY_HEADERS
from tests.fakes.clock import ManualClock
from tests.unit.web.toy_app import Reply, Toy

THING = '{"name":"x"}'


def problem_of(reply: Reply) -> tuple[int, str]:
    assert reply.headers["Content-Type"] == "application/problem+json"
    document = reply.json()
    assert document["type"] == f"/problems/{document['code']}"
    assert document["status"] == reply.status
    assert document["instance"] == reply.headers["X-Request-Id"]
    assert document["title"]
    assert document["detail"]
    return reply.status, document["code"]


# --- who comes in ---


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer    ", "Basic YWRhOmFkYQ==", "ada", "Bearerada", "Token ada", "bearer\tada"],
)
def test_without_bearer_credentials_nobody_comes_in(toy: Toy, header: str | None) -> None:
    reply = toy.call("GET", "/mine", headers={"Authorization": header} if header is not None else {})
    assert problem_of(reply) == (401, "unauthenticated")
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert toy.calls == []


@pytest.mark.parametrize("header", ["Bearer ada", "bearer ada", "BEARER  ada "])
def test_the_scheme_is_read_whatever_its_case(toy: Toy, header: str) -> None:
    assert toy.call("GET", "/mine", headers={"authorization": header}).json()["name"] == "ten_a"


def test_an_unknown_token_is_nobody(toy: Toy) -> None:
    assert problem_of(toy.call("GET", "/mine", as_="eve")) == (401, "unauthenticated")


@pytest.mark.parametrize(
    ("method", "path", "caller", "expected"),
    [
        ("GET", "/mine", "operator", (404, "not_found")),
        ("GET", "/ops", "ada", (404, "not_found")),
        ("GET", "/ops", "key", (404, "not_found")),
        ("GET", "/mine", "key", (403, "forbidden")),
        ("POST", "/things", "agent", (403, "forbidden")),
        ("POST", "/things", "operator", (404, "not_found")),
    ],
)
def test_who_may_not_is_told_so(toy: Toy, method: str, path: str, caller: str, expected: tuple[int, str]) -> None:
    assert problem_of(toy.call(method, path, as_=caller, body=THING)) == expected
    assert toy.calls == []


def test_a_missing_scope_is_named(toy: Toy) -> None:
    assert toy.call("POST", "/things", as_="agent", body=THING).json()["scope"] == "sites:write"


def test_the_operator_reaches_the_operators_routes(toy: Toy) -> None:
    assert toy.call("GET", "/ops", as_="operator").status == 200


def test_what_the_operator_asks_is_on_record_with_his_name(toy: Toy) -> None:
    toy.call("GET", "/ops", as_="operator")
    toy.call("GET", "/mine", as_="ada")
    toy.call("GET", "/ops", as_="ada")
    ((level, _, facts),) = [line for line in toy.notebook.log if line[1] == "operator_asked"]
    assert (level, facts["actor"], facts["kind"]) == ("note", "key_2", "read_ops")


def test_a_key_bound_to_one_site_knows_of_no_other(toy: Toy) -> None:
    assert toy.call("GET", "/sites/{site_id}", as_="key", site_id="site_1").status == 200
    assert problem_of(toy.call("GET", "/sites/{site_id}", as_="key", site_id="site_2")) == (404, "not_found")
    assert problem_of(toy.call("GET", "/sites/{site_id}", as_="key", site_id="site%5F2")) == (404, "not_found")


def test_credentials_come_before_the_body(toy: Toy) -> None:
    assert problem_of(toy.call("POST", "/things", body="[")) == (401, "unauthenticated")


def test_an_open_endpoint_asks_nobody_and_knows_nobody(toy: Toy) -> None:
    toy.call("GET", "/open", as_="eve")
    with pytest.raises(RuntimeError, match="no credentials"):
        _ = toy.calls[0].principal


# --- what a view sees ---


def test_a_call_carries_what_came(toy: Toy, clock: ManualClock) -> None:
    toy.call("POST", "/things", as_="key", body='{"name":"ü","amount":2}', headers={"X-Custom": "7"})
    (call,) = toy.calls
    assert (call.body.name, call.body.amount) == ("ü", 2.0)
    assert (call.tenant_id, call.principal.subject) == ("ten_a", "key_1")
    assert (call.at, call.client_address) == (clock.now(), "203.0.113.7")
    assert call.header("x-custom") == call.header("X-CUSTOM") == "7"
    assert call.header("absent") is None


def test_a_spoofed_address_changes_nothing(toy: Toy) -> None:
    toy.call("GET", "/open", headers={"X-Forwarded-For": "198.51.100.1", "X-Real-Ip": "198.51.100.1"})
    assert toy.calls[0].client_address == "203.0.113.7"


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("a%20b", "a b"),
        ("a%2520b", "a%20b"),
        ("a%2Fb", "a/b"),
        ("a+b", "a+b"),
        ("%C3%BC", "ü"),
        ("%FF", "\ufffd"),
        ("%", "%"),
    ],
)
def test_path_parts_are_unquoted_once(toy: Toy, sent: str, seen: str) -> None:
    assert toy.call("GET", "/sites/{site_id}", as_="ada", site_id=sent).json()["name"] == seen


def test_the_query_is_read_by_its_schema(toy: Toy) -> None:
    toy.call("GET", "/open", query={"limit": ["7", "8"], "cursor": ["abc"]})
    assert (toy.calls[0].query.limit, toy.calls[0].query.cursor) == (8, "abc")  # type: ignore[attr-defined]  # the schema of this endpoint
    toy.call("GET", "/open")
    assert toy.calls[1].query.limit == 50  # type: ignore[attr-defined]  # the same


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"limit": ["0"]}, "/limit"),
        ({"limit": ["101"]}, "/limit"),
        ({"limit": ["many"]}, "/limit"),
        ({"limit": [""]}, "/limit"),
        ({"cursor": ["x" * 1_025]}, "/cursor"),
        ({"limti": ["5"]}, "/limti"),
        ({"cursor": ["\ud800"]}, "/cursor"),
    ],
)
def test_a_bad_query_is_invalid(toy: Toy, query: dict[str, list[str]], pointer: str) -> None:
    reply = toy.call("GET", "/open", query=query)
    assert problem_of(reply) == (422, "invalid")
    assert [error["pointer"] for error in reply.json()["errors"]] == [pointer]


def test_an_unknown_query_is_invalid_where_none_is_taken(toy: Toy) -> None:
    assert problem_of(toy.call("GET", "/mine", as_="ada", query={"x": ["1"]})) == (422, "invalid")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (None, (400, "unreadable_body")),
        ("", (400, "unreadable_body")),
        ("[]", (400, "unreadable_body")),
        ('{"name":NaN}', (400, "unreadable_body")),
        ('{"name":"\ud800"}', (400, "unreadable_body")),
        (b'{"name":"\xff"}', (400, "unreadable_body")),
        ("[" * 100_000, (400, "unreadable_body")),
        (" " * 5_000_000, (413, "too_large")),
        ("{}", (422, "invalid")),
        ('{"name":7}', (422, "invalid")),
        ('{"name":"x","surprise":1}', (422, "invalid")),
        ('{"name":"x","id":"thing_7"}', (422, "invalid")),
    ],
)
def test_a_bad_body_is_told_apart(toy: Toy, body: Any, expected: tuple[int, str]) -> None:
    for path in ("/open", "/things"):
        assert problem_of(toy.call("POST", path, as_="ada", body=body)) == expected
    assert toy.calls == []
    assert toy.notebook.trail == []


def test_a_body_in_base64_is_decoded(toy: Toy) -> None:
    encoded = base64.b64encode(THING.encode()).decode()
    assert toy.call("POST", "/open", body=encoded, base64=True).json()["name"] == "x"


@pytest.mark.parametrize("encoded", ["é", "a", "////", base64.b64encode(b"\xff").decode()])
def test_a_body_that_is_not_the_base64_it_claims_is_unreadable(toy: Toy, encoded: str) -> None:
    assert problem_of(toy.call("POST", "/open", body=encoded, base64=True)) == (400, "unreadable_body")


def test_an_endpoint_without_a_body_does_not_read_one(toy: Toy) -> None:
    for body in (None, "", "[[[", "x" * 1_000_000):
        assert toy.call("POST", "/browser", body=body, headers={"Content-Type": "image/png"}).status == 204


def test_bodies_come_as_json_only(toy: Toy) -> None:
    wrong = ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data", "application/xml", "", "json")
    smuggled = ("text/plain; application/json", "text/plain;a=application/json", "text/plain, application/json")
    for kind in (*wrong, *smuggled, "application/json, text/plain", "application/jsonp"):
        assert problem_of(toy.call("POST", "/open", body=THING, headers={"Content-Type": kind})) == (
            415,
            "unsupported_media_type",
        )
    for kind in ("application/json", "application/json; charset=utf-8", "APPLICATION/JSON"):
        assert toy.call("POST", "/open", body=THING, headers={"Content-Type": kind}).status == 200


# --- what goes out ---


def test_a_schema_goes_out_as_json(toy: Toy) -> None:
    reply = toy.call("GET", "/open")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json")
    assert reply.json() == {"name": "öpen", "amount": 0}


def test_an_endpoint_names_its_status(toy: Toy) -> None:
    assert toy.call("POST", "/things", as_="ada", body=THING).status == 201


def test_nothing_goes_out_as_nothing(toy: Toy) -> None:
    reply = toy.call("DELETE", "/sites/{site_id}", as_="ada", site_id="site_1")
    assert (reply.status, reply.text) == (204, "")


def test_an_answer_may_bring_its_own_status_and_type(toy: Toy) -> None:
    reply = toy.call("POST", "/letters", as_="ada", body=THING)
    assert (reply.status, reply.headers["Content-Type"], reply.text) == (202, "text/plain", "Dear x")


def test_every_answer_has_the_security_headers_and_a_request_id_of_ours(toy: Toy) -> None:
    replies = [
        toy.call("GET", "/open", headers={"X-Request-Id": "req_mine", "x-request-id": "req_mine"}),
        toy.call("POST", "/browser"),
        toy.call("GET", "/mine"),
        toy.call("PUT", "/open"),
        toy.call("POST", "/open", headers={"Content-Type": "text/plain"}),
        toy.call("POST", "/fails/{how}", how="bug"),
    ]
    assert [reply.status for reply in replies] == [200, 204, 401, 405, 415, 500]
    for reply in replies:
        assert {name: reply.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
        assert is_id(reply.headers["X-Request-Id"], "req")
    assert len({reply.headers["X-Request-Id"] for reply in replies}) == len(replies)


def test_an_answers_own_header_replaces_ours_whatever_its_case(toy: Toy) -> None:
    reply = toy.call("POST", "/things/all", as_="ada")
    assert [value for name, value in reply.headers.items() if name.lower() == "cache-control"] == ["private"]


def test_headers_a_view_adds_go_out(toy: Toy) -> None:
    reply = toy.call("POST", "/browser", headers={"Origin": "https://shop.example"})
    assert reply.headers["access-control-allow-origin"] == "https://shop.example"


# --- what goes wrong ---


def test_a_leaf_becomes_its_familys_number(toy: Toy) -> None:
    reply = toy.call("POST", "/fails/{how}", how="conflict")
    assert problem_of(reply) == (409, "name_taken")
    assert toy.notebook.log[-1][:2] == ("note", "request_refused")


def test_a_limit_says_when_to_come_back(toy: Toy) -> None:
    reply = toy.call("POST", "/fails/{how}", how="limit")
    assert problem_of(reply) == (429, "rate_limited")
    assert reply.headers["Retry-After"] == "3"
    assert reply.json()["resets_at"] == "2026-01-05T00:00:00Z"


def test_a_fault_of_ours_says_when_to_come_back_and_is_alarmed(toy: Toy) -> None:
    reply = toy.call("POST", "/fails/{how}", how="shut")
    assert problem_of(reply) == (503, "unavailable")
    assert int(reply.headers["Retry-After"]) > 0
    assert toy.notebook.log[-1][:2] == ("alarm", "request_refused")


def test_a_bug_shows_nothing_of_itself(toy: Toy) -> None:
    reply = toy.call("POST", "/fails/{how}", how="bug")
    assert problem_of(reply) == (500, "internal_error")
    assert "secret-of-ours" not in reply.text
    assert "ZeroDivision" not in reply.text
    assert toy.notebook.log == [
        ("alarm", "request_broke", {"route": "/fails/{how}", "request_id": reply.headers["X-Request-Id"]})
    ]


def test_facts_never_replace_the_members_of_a_problem(toy: Toy) -> None:
    reply = toy.call("POST", "/fails/{how}", how="odd%20facts")
    assert problem_of(reply) == (409, "conflict")
    assert reply.json()["place"] == ["a"]


def test_a_line_break_in_a_problem_reaches_no_header(toy: Toy) -> None:
    reply = toy.call("POST", "/fails/{how}", how="newline")
    assert problem_of(reply) == (409, "conflict")
    assert not any("\n" in value for value in reply.headers.values())


def test_a_wrong_method_is_told_the_right_ones(toy: Toy) -> None:
    reply = toy.call("PUT", "/open", body=THING)
    assert problem_of(reply) == (405, "method_not_allowed")
    assert reply.headers["Allow"] == "GET, POST"


def test_chalices_other_refusals_are_reworded(toy: Toy) -> None:
    @toy.app.route("/picture")
    def picture() -> Any:
        from chalice.app import Response

        return Response(b"", headers={"Content-Type": "image/png"})

    assert problem_of(toy.call("GET", "/picture")) == (400, "unreadable_body")


def test_an_event_without_a_path_is_a_problem_too(toy: Toy) -> None:
    answer = toy.app({"requestContext": {}}, None)
    assert answer["statusCode"] == 500
    assert json.loads(answer["body"])["code"] == "internal_error"


# --- what is written down ---


def test_a_mutation_is_recorded_once_with_what_it_made(toy: Toy, clock: ManualClock) -> None:
    reply = toy.call("POST", "/things", as_="key", body=THING)
    assert toy.notebook.trail == [
        {
            "tenant_id": "ten_a",
            "actor": "key_1",
            "action": "toy.made",
            "subject": "thing_0",
            "request_id": reply.headers["X-Request-Id"],
            "at": clock.now(),
            "facts": {},
        }
    ]


def test_without_an_id_the_record_names_the_path_or_the_tenant(toy: Toy) -> None:
    toy.call("DELETE", "/sites/{site_id}", as_="ada", site_id="site_1")
    toy.call("POST", "/things/all", as_="ada")
    assert [row["subject"] for row in toy.notebook.trail] == ["site_1", "ten_a"]


def test_what_fails_or_only_reads_is_not_recorded(toy: Toy) -> None:
    toy.call("POST", "/things", as_="ada", body='{"name":"taken"}')
    toy.call("POST", "/things", as_="ada", body='{"name":"bug"}')
    toy.call("POST", "/things", as_="agent", body=THING)
    toy.call("GET", "/mine", as_="ada")
    assert toy.notebook.trail == []


def test_a_trail_that_does_not_answer_is_alarmed_and_what_was_done_stays_done(toy: Toy) -> None:
    toy.notebook.broken.add("append")
    assert toy.call("POST", "/things", as_="ada", body=THING).status == 201
    assert toy.notebook.log == [
        ("alarm", "audit_lost", {"tenant_id": "ten_a", "request_id": toy.calls[0].request_id, "kind": "toy.made"})
    ]


# --- how it is built ---


def test_the_app_knows_its_endpoints(toy: Toy) -> None:
    assert {(each.method, each.path) for each in toy.app.endpoints} == {
        (method, path) for path, methods in toy.app.routes.items() for method in methods
    }
    made = next(each for each in toy.app.endpoints if each.path == "/things")
    assert (made.allow.scope, made.status, made.audit, made.replayable) == (Scope.SITES_WRITE, 201, "toy.made", True)


def test_an_api_belongs_to_an_app_of_ours() -> None:
    from chalice.app import Chalice

    api = Api(__name__, tag="stray")

    @api.endpoint("GET", "/stray", allow=Toy().app.endpoints[0].allow)
    def stray(_call: Any) -> None: ...

    plain = Chalice("plain", configure_logs=False)
    plain.register_blueprint(api)
    with pytest.raises(TypeError, match="belongs to an App"):
        _ = api.app
    assert isinstance(Toy().api.app, App)
