"""The OpenAPI document of a small app: each thing an endpoint says of itself is in it."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_spec_validator import validate

from chalicelib.web.allow import ANYONE, BROWSER
from chalicelib.web.api import Api, Call
from chalicelib.web.openapi.document import document
from chalicelib.web.openapi.preamble import RATE_LIMITS
from chalicelib.web.schema import Accepted, AnyQuery, Nothing, Schema
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

    @api.endpoint("GET", "/steady", allow=ANYONE, returns=Accepted, also={202: Thing, 304: Nothing, 503: Accepted})
    def steady(_call: Call[Nothing]) -> None: ...

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


def test_a_replay_may_leave_out_what_is_shown_once(contract: dict[str, Any]) -> None:
    assert contract["components"]["schemas"]["Made"]["required"] == ["id", "name"]


def test_answers_name_their_headers(contract: dict[str, Any]) -> None:
    made = contract["paths"]["/things"]["post"]["responses"]["201"]
    assert set(made["headers"]) == {"X-Request-Id", "Idempotent-Replayed", *RATE_LIMITS}
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
        "403": ["forbidden", "blocked", "second_factor_required", "sso_required", "step_up_required"],
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
    (example,) = answer["content"]["application/problem+json"]["examples"].values()
    assert example["value"]["code"] == "unauthenticated"
    assert set(answer["headers"]) == {"X-Request-Id", "WWW-Authenticate"}
    assert "Retry-After" in contract["components"]["responses"]["unavailable"]["headers"]


def test_an_endpoint_may_answer_in_several_ways(contract: dict[str, Any]) -> None:
    operation = contract["paths"]["/steady"]["get"]
    answers = operation["responses"]
    assert answers["202"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ThingView"}
    assert set(answers["200"]["headers"]) == set(answers["304"]["headers"]) == {"X-Request-Id", "ETag"}
    assert "content" not in answers["304"]
    assert [each["name"] for each in operation["parameters"]] == ["If-None-Match"]


def test_a_status_that_is_failure_and_more_says_both(contract: dict[str, Any]) -> None:
    answer = contract["paths"]["/steady"]["get"]["responses"]["503"]
    assert set(answer["content"]) == {"application/json", "application/problem+json"}
    assert set(answer["headers"]) == {"X-Request-Id", "Retry-After", *RATE_LIMITS}
    assert answer["x-codes"] == ["unavailable"]


def test_headers_that_no_answer_has_are_not_promised(toy: Toy) -> None:
    promised = document(toy.app.endpoints, groups={}, server_url="/")["components"]["headers"]
    assert set(promised) == {"X-Request-Id", "Idempotent-Replayed", "Retry-After", "WWW-Authenticate", *RATE_LIMITS}


def test_what_is_both_read_and_written_has_two_names(toy: Toy) -> None:
    class ThingBody(Thing):
        colour: str = "red"

    class Box(Schema):
        thing: ThingBody

    api = Api(__name__, tag="boxes")

    @api.endpoint("PUT", "/box", allow=ANYONE, body=Box, returns=Box)
    def put_box(_call: Call[Box]) -> None: ...

    schemas = document(api.endpoints, groups={}, server_url="/")["components"]["schemas"]
    assert set(schemas) == {"Problem", "Fault", "Box", "BoxView", "ThingBody", "ThingView"}
    assert schemas["BoxView"]["properties"]["thing"] == {"$ref": "#/components/schemas/ThingView"}
    assert schemas["Box"]["properties"]["thing"] == {"$ref": "#/components/schemas/ThingBody"}


def test_two_schemas_of_one_name_are_refused(toy: Toy) -> None:
    class Box(Schema):
        one: str

    class BoxView(Schema):
        two: str

    api = Api(__name__, tag="boxes")

    @api.endpoint("PUT", "/box", allow=ANYONE, body=Box, returns=Box)
    def put_box(_call: Call[Box]) -> None: ...

    @api.endpoint("GET", "/box", allow=ANYONE, returns=BoxView)
    def get_box(_call: Call[Nothing]) -> None: ...

    with pytest.raises(ValueError, match="BoxView"):
        document(api.endpoints, groups={}, server_url="/")
