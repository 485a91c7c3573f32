"""The OpenAPI document of a small app: each thing an endpoint says of itself is in it."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_spec_validator import validate

from chalicelib.web.allow import ANYONE, BROWSER
from chalicelib.web.api import Api, Call
from chalicelib.web.openapi.document import document
from chalicelib.web.openapi.samples import Samples
from chalicelib.web.schema import Accepted, AnyQuery, Nothing
from tests.unit.web.toy_app import Taken, Thing, Toy


@pytest.fixture
def contract(toy: Toy) -> dict[str, Any]:
    api = Api(__name__, tag="extras", about="What is left.")

    @api.endpoint("OPTIONS", "/open", allow=BROWSER, status=204)
    def preflight(_call: Call[Nothing]) -> None: ...

    @api.endpoint("PATCH", "/subs/{subscription_id}", allow=BROWSER, body=Thing, status=204, errors=(Taken,))
    def change(_call: Call[Nothing]) -> None:
        """Change it. In place.

        More words.
        """

    @api.endpoint("GET", "/c/{receipt}", allow=ANYONE, status=302, query=AnyQuery)
    def follow(_call: Call[Nothing]) -> None: ...

    @api.endpoint("GET", "/both", allow=ANYONE, media_type="text/html; charset=utf-8", returns=Accepted)
    def both(_call: Call[Nothing]) -> None: ...

    toy.app.register_blueprint(api)
    return document(toy.app.endpoints, groups=toy.app.groups, server_url="https://api.example.com")


def codes(contract: dict[str, Any], operation: dict[str, Any]) -> dict[str, list[str]]:
    shared = contract["components"]["responses"]
    return {
        status: shared[answer["$ref"].rpartition("/")[2]]["x-codes"]
        for status, answer in operation["responses"].items()
        if "$ref" in answer
    }


def test_it_is_valid(contract: dict[str, Any]) -> None:
    validate(contract)
    assert contract["servers"] == [{"url": "https://api.example.com"}]


def test_it_names_every_endpoint_but_preflights(contract: dict[str, Any], toy: Toy) -> None:
    said = {(method.upper(), path) for path, methods in contract["paths"].items() for method in methods}
    assert said == {(each.method, each.path) for each in toy.app.endpoints} - {("OPTIONS", "/open")}


def test_groups_come_in_order_with_what_they_are_about(contract: dict[str, Any]) -> None:
    assert contract["tags"] == [{"name": "toys", "description": ""}, {"name": "extras", "description": "What is left."}]


def test_a_group_without_endpoints_is_not_named(toy: Toy) -> None:
    assert document([], groups={"empty": "x"}, server_url="https://x.example")["tags"] == []


@pytest.mark.parametrize(
    ("method", "path", "security", "who", "scope"),
    [
        ("get", "/open", [], "anyone", None),
        ("post", "/browser", [], "browser", None),
        ("patch", "/subs/{subscription_id}", [{"subscriptionToken": []}], "browser", None),
        ("get", "/mine", [{"accessToken": []}], "user", None),
        ("get", "/ops", [{"apiKey": ["ops"]}], "operator", "ops"),
        ("post", "/things", [{"accessToken": ["sites:write"]}, {"apiKey": ["sites:write"]}], "tenant", "sites:write"),
    ],
)
def test_it_says_who_may_call(
    contract: dict[str, Any], method: str, path: str, security: list[Any], who: str, scope: str | None
) -> None:
    operation = contract["paths"][path][method]
    assert (operation["security"], operation["x-who"], operation.get("x-required-scope")) == (security, who, scope)


def test_words_come_from_the_view(contract: dict[str, Any]) -> None:
    operation = contract["paths"]["/subs/{subscription_id}"]["patch"]
    assert (operation["summary"], operation["description"]) == ("Change it", "In place.\n\nMore words.")
    assert "description" not in contract["paths"]["/open"]["get"]


def test_parameters_come_from_path_query_and_replays(contract: dict[str, Any]) -> None:
    (site_id,) = contract["paths"]["/sites/{site_id}"]["get"]["parameters"]
    assert (site_id["name"], site_id["in"], site_id["required"]) == ("site_id", "path", True)
    assert site_id["description"] == "The id of the site."
    (receipt,) = contract["paths"]["/c/{receipt}"]["get"]["parameters"]
    assert receipt["description"] == "The receipt."
    limit, cursor = contract["paths"]["/open"]["get"]["parameters"]
    assert (limit["name"], limit["in"], limit["required"]) == ("limit", "query", False)
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}
    assert limit["description"]
    assert cursor["name"] == "cursor"
    (key,) = contract["paths"]["/things"]["post"]["parameters"]
    assert (key["name"], key["in"]) == ("Idempotency-Key", "header")
    assert "parameters" not in contract["paths"]["/mine"]["get"]


def test_bodies_are_closed_and_answers_open(contract: dict[str, Any]) -> None:
    schemas = contract["components"]["schemas"]
    body = contract["paths"]["/things"]["post"]["requestBody"]
    assert body["required"] is True
    read = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert schemas[read]["additionalProperties"] is False
    assert "additionalProperties" not in schemas["Made"]
    assert schemas["Made"]["properties"]["secret"]["x-shown-once"] is True
    assert "title" not in schemas["Made"]["properties"]["name"]


def test_answers_name_their_headers(contract: dict[str, Any]) -> None:
    made = contract["paths"]["/things"]["post"]["responses"]["201"]
    assert set(made["headers"]) == {"X-Request-Id", "Idempotent-Replayed"}
    assert set(contract["paths"]["/c/{receipt}"]["get"]["responses"]["302"]["headers"]) == {"X-Request-Id", "Location"}
    assert "content" not in contract["paths"]["/things/all"]["post"]["responses"]["204"]


def test_answers_name_their_types(contract: dict[str, Any]) -> None:
    assert set(contract["paths"]["/letters"]["post"]["responses"]["200"]["content"]) == {"text/plain"}
    assert set(contract["paths"]["/both"]["get"]["responses"]["200"]["content"]) == {"text/html", "application/json"}
    assert set(contract["paths"]["/mine"]["get"]["responses"]["200"]["content"]) == {"application/json"}


def test_failures_follow_from_what_an_endpoint_is(contract: dict[str, Any]) -> None:
    always = {"429": ["rate_limited"], "500": ["internal_error"], "503": ["unavailable"]}
    assert codes(contract, contract["paths"]["/c/{receipt}"]["get"]) == always | {"404": ["not_found"]}
    assert codes(contract, contract["paths"]["/things"]["post"]) == always | {
        "400": ["unreadable_body"],
        "401": ["unauthenticated"],
        "403": ["forbidden"],
        "409": ["idempotency_key_reused", "idempotency_in_progress"],
        "413": ["too_large"],
        "415": ["unsupported_media_type"],
        "422": ["invalid"],
    }
    assert codes(contract, contract["paths"]["/ops"]["get"])["404"] == ["not_found"]


def test_an_endpoint_may_name_failures_of_its_own(contract: dict[str, Any]) -> None:
    assert codes(contract, contract["paths"]["/subs/{subscription_id}"]["patch"])["409"] == ["name_taken"]


def test_problems_show_an_example_and_their_headers(contract: dict[str, Any]) -> None:
    answer = contract["components"]["responses"]["unauthenticated"]
    assert answer["content"]["application/problem+json"]["example"]["code"] == "unauthenticated"
    assert set(answer["headers"]) == {"X-Request-Id", "WWW-Authenticate"}
    assert "Retry-After" in contract["components"]["responses"]["unavailable"]["headers"]


# --- samples ---


COMPONENTS: dict[str, Any] = {
    "SiteView": {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "string"},
            "name": {"type": "string"},
            "owner_id": {"type": "string"},
            "created_at": {"type": "string", "format": "date-time"},
            "tree": {"$ref": "#/components/schemas/Tree"},
        },
    },
    "SubscriptionView": {"type": "object", "properties": {"id": {"type": "string"}}},
    "Tree": {
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}},
    },
    "Colour": {"type": "string", "enum": ["red", "blue"]},
}


@pytest.mark.parametrize(
    ("schema", "sample"),
    [
        ({"type": "string", "examples": ["given"], "default": "other"}, "given"),
        ({"const": "fixed"}, "fixed"),
        ({"type": "string", "enum": ["a", "b"], "default": "b"}, "b"),
        ({"type": "boolean", "default": False}, False),
        ({"type": "string", "default": ""}, "…"),
        ({"$ref": "#/components/schemas/Colour"}, "red"),
        ({"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 3}]}, 3),
        ({"oneOf": [{"type": "boolean"}]}, False),
        ({"type": "number"}, 1),
        ({"type": "array", "items": {"type": "string", "format": "date"}}, ["2026-03-01"]),
        ({"type": "object"}, {}),
        ({}, "…"),
    ],
)
def test_a_sample_is_what_the_schema_suggests(schema: dict[str, Any], sample: Any) -> None:
    assert Samples(COMPONENTS).of(schema, whole=True) == sample


def test_a_sample_of_a_thing_has_ids_that_say_their_kind() -> None:
    site = Samples(COMPONENTS).of({"$ref": "#/components/schemas/SiteView"}, whole=True)
    assert site["id"].startswith("site_")
    assert (site["name"], site["owner_id"], site["created_at"]) == ("Analytical Engines", "…", "2026-03-01T09:00:00Z")
    assert (
        Samples(COMPONENTS).of({"$ref": "#/components/schemas/SubscriptionView"}, whole=True)["id"].startswith("sub_")
    )


def test_a_sample_of_a_body_shows_what_has_to_be_there() -> None:
    assert set(Samples(COMPONENTS).of({"$ref": "#/components/schemas/SiteView"}, whole=False)) == {"id"}


def test_a_schema_within_itself_ends() -> None:
    assert str(Samples(COMPONENTS).of({"$ref": "#/components/schemas/Tree"}, whole=True)).count("children") < 10
    lists: dict[str, Any] = {"type": "array"}
    for _ in range(20):
        lists = {"type": "array", "items": lists}
    assert str(Samples({}).of(lists, whole=True)).count("[") < 10
