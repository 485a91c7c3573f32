"""The contract over HTTP: OpenAPI, the reference, the stylesheet and a page for every problem."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest
from openapi_spec_validator import validate

from app import app
from chalicelib.web.explain import explanations
from tests.fakes.gateway import Client
from tests.unit.web.test_html import Reader

PAGES = ["/docs", "/problems", "/problems/not_found", "/problems/none_such"]


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def contract(client: Client) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/openapi.json").json()
    return document


def test_the_contract_is_valid(contract: dict[str, Any]) -> None:
    validate(contract)


def test_the_contract_names_exactly_the_routes(contract: dict[str, Any]) -> None:
    said = {(method.upper(), path) for path, methods in contract["paths"].items() for method in methods}
    assert said == {(method, path) for path, methods in app.routes.items() for method in methods if method != "OPTIONS"}


def test_every_operation_has_a_name_of_its_own(contract: dict[str, Any]) -> None:
    names = Counter(
        operation["operationId"] for methods in contract["paths"].values() for operation in methods.values()
    )
    assert [name for name, uses in names.items() if uses > 1] == []


def test_every_code_in_the_contract_has_its_page(contract: dict[str, Any]) -> None:
    codes = {code for answer in contract["components"]["responses"].values() for code in answer["x-codes"]}
    assert codes <= set(explanations())


def test_a_tool_in_a_browser_may_read_the_contract(client: Client) -> None:
    assert client.get("/openapi.json").headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/docs/style.css", "/problems", "/problems/not_found"])
def test_what_is_known_is_not_sent_again(client: Client, path: str) -> None:
    first = client.get(path)
    assert first.status == 200
    assert first.headers["cache-control"].startswith("public, max-age=")
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.text) == (304, "")
    assert client.get(path, headers={"If-None-Match": '"other"'}).text == first.text
    assert client.get(path, query={"utm_source": "mail"}).status == 200


@pytest.mark.parametrize("path", PAGES)
def test_a_page_needs_nothing_that_its_policy_forbids(client: Client, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html"})
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "frame-ancestors 'none'" in policy
    read = Reader(answer.text)
    assert not {tag for tag, _ in read.tags} & {"script", "style", "iframe", "object", "form", "base"}
    for tag, attributes in read.tags:
        assert not [name for name in attributes if name == "style" or name.startswith("on")], tag
        for name in ("src", "href"):
            assert re.match(r"/|#|data:,$", attributes.get(name) or "/"), attributes


@pytest.mark.parametrize("path", PAGES)
def test_a_page_says_what_it_is(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.startswith('<!doctype html>\n<html lang="en">')
    tags = [tag for tag, _ in Reader(answer.text).tags]
    assert (tags.count("title"), tags.count("h1"), tags.count("main")) == (1, 1, 1)


def test_every_link_of_ours_leads_to_a_page(client: Client) -> None:
    links = {
        str(attributes["href"])
        for path in PAGES
        for tag, attributes in Reader(client.get(path).text).tags
        if tag in {"a", "link"} and str(attributes["href"]).startswith("/")
    }
    assert len(links) > 10
    assert {link: client.get(link).status for link in links if client.get(link).status != 200} == {}


def test_the_stylesheet_asks_nobody_else(client: Client) -> None:
    answer = client.get("/docs/style.css")
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "url(" not in answer.text
    assert "@import" not in answer.text
    assert "prefers-color-scheme: dark" in answer.text


@pytest.mark.parametrize("code", sorted(explanations()))
def test_every_problem_has_a_page(client: Client, code: str) -> None:
    answer = client.get(f"/problems/{code}")
    assert (answer.status, answer.headers["vary"]) == (200, "Accept")
    assert explanations()[code].title in Reader(answer.text).text


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
        ("text/html,application/xhtml+xml,application/json;q=0.9", "text/html; charset=utf-8"),
        ("application/json", "application/json"),
        ("application/problem+json", "application/json"),
    ],
)
def test_a_problem_is_told_to_people_and_to_machines(client: Client, accept: str, kind: str) -> None:
    answer = client.get("/problems/bad_cursor", headers={"Accept": accept})
    assert (answer.status, answer.headers["content-type"]) == (200, kind)
    if kind == "application/json":
        assert answer.json()["family"] == "invalid"
        assert set(answer.json()["members"]) == {"errors"}


def test_a_problem_that_is_not_is_not_found(client: Client) -> None:
    page = client.get("/problems/%3Cscript%3E")
    assert page.status == 404
    assert "<script>" not in page.text
    problem = client.get("/problems/nope", headers={"Accept": "application/json"})
    assert (problem.status, problem.code) == (404, "not_found")


def test_the_contract_holds_no_word_of_where_it_was_written(client: Client) -> None:
    text = json.dumps(client.get("/openapi.json").json()) + client.get("/docs").text
    assert "chalicelib" not in text
    assert "__" not in text
