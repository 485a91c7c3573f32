"""What breaks clients and what does not: one row for each rule, tried on a small contract."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from infra.contract.operations import compare

GONE = object()

BASE: dict[str, Any] = {
    "paths": {
        "/things": {
            "get": {
                "operationId": "list_things",
                "x-who": "tenant",
                "security": [{"accessToken": ["read"]}, {"apiKey": ["read"]}],
                "parameters": [
                    {"name": "limit", "in": "query", "required": False, "schema": {"type": "integer", "maximum": 100}}
                ],
                "responses": {
                    "200": {
                        "headers": {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ThingView"}}},
                    },
                    "404": {"$ref": "#/components/responses/not_found"},
                },
            },
            "post": {
                "operationId": "make_thing",
                "x-who": "tenant",
                "security": [{"accessToken": []}],
                "requestBody": {
                    "required": False,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewThing"}}},
                },
                "responses": {"204": {}},
            },
        },
        "/open": {"get": {"operationId": "read", "x-who": "anyone", "security": [], "responses": {"200": {}}}},
    },
    "components": {
        "schemas": {
            "NewThing": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "maxLength": 10, "minLength": 1},
                    "colour": {"type": "string", "enum": ["red", "blue"], "default": "red"},
                    "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    "part": {"anyOf": [{"$ref": "#/components/schemas/Part"}, {"type": "null"}]},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "extra": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            },
            "Part": {"type": "object", "properties": {"size": {"type": "integer"}}},
            "ThingView": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string"},
                    "state": {"type": "string", "enum": ["new", "old"]},
                    "kind": {"const": "thing"},
                    "at": {"type": "string", "format": "date-time"},
                    "size": {"type": "integer"},
                    "above": {"$ref": "#/components/schemas/ThingView"},
                },
            },
        },
        "responses": {"not_found": {"x-codes": ["not_found"], "content": {"application/problem+json": {"schema": {}}}}},
        "headers": {"X-Request-Id": {"required": True, "schema": {"type": "string", "pattern": "^req_"}}},
        "securitySchemes": {"accessToken": {"type": "http", "scheme": "bearer"}},
    },
}

LIST, MAKE, READ = ("paths./things.get", "paths./things.post", "paths./open.get")
ASKED, TOLD = ("components.schemas.NewThing", "components.schemas.ThingView")
NAME, COLOUR = (f"{ASKED}.properties.name", f"{ASKED}.properties.colour")
EXTRA = f"{ASKED}.properties.extra"
PROBLEM = "components.responses.not_found"

# place, new value there, what is said of it
BREAKS: list[tuple[str, Any, str]] = [
    ("paths./open", GONE, "GET /open: is gone"),
    (MAKE, GONE, "POST /things: is gone"),
    (f"{LIST}.operationId", "things", "GET /things: is called things, was list_things"),
    # who may call
    (
        f"{LIST}.security",
        [{"accessToken": ["read"]}],
        "GET /things: is for tenant with accessToken read, was for tenant with accessToken read or apiKey read",
    ),
    (
        f"{MAKE}.security",
        [{"accessToken": ["write"]}],
        "POST /things: is for tenant with accessToken write, was for tenant with accessToken",
    ),
    (
        f"{READ}.security",
        [{"accessToken": []}],
        "GET /open: is for anyone with accessToken, was for anyone with nothing",
    ),
    (f"{READ}.x-who", "browser", "GET /open: is for browser with nothing, was for anyone with nothing"),
    (
        "components.securitySchemes.accessToken.scheme",
        "basic",
        "accessToken: is basic, http, was bearer, http",
    ),
    # what is asked
    (f"{LIST}.parameters", [], "GET /things limit (query): is gone"),
    (f"{LIST}.parameters.0.required", True, "GET /things limit (query): must be there now"),
    (f"{LIST}.parameters.0.schema.maximum", 50, "GET /things limit (query): maximum is 50, was 100"),
    (f"{LIST}.parameters.0.schema.type", "string", "GET /things limit (query): is never integer any more"),
    (
        f"{LIST}.parameters.1",
        {"name": "q", "in": "query", "required": True, "schema": {}},
        "GET /things q (query): is new",
    ),
    (f"{LIST}.parameters.0.in", "header", "GET /things limit (query): is gone"),
    (f"{LIST}.requestBody", {"required": True, "content": {}}, "GET /things body: is new"),
    (f"{MAKE}.requestBody", GONE, "POST /things body: is gone"),
    (f"{MAKE}.requestBody.required", True, "POST /things body: must be there now"),
    (f"{MAKE}.requestBody.content", {"text/plain": {"schema": {}}}, "POST /things body application/json: is gone"),
    (NAME, GONE, "NewThing.name: is gone"),
    (f"{ASKED}.required", ["name", "colour"], "NewThing.colour: must be there now"),
    (f"{NAME}.type", "integer", "NewThing.name: is never string any more"),
    (f"{NAME}.maxLength", 9, "NewThing.name: maxLength is 9, was 10"),
    (f"{NAME}.minLength", 2, "NewThing.name: minLength is 2, was 1"),
    (f"{NAME}.pattern", "^a", "NewThing.name: pattern is ^a, was None"),
    (f"{NAME}.format", "email", "NewThing.name: format is email, was None"),
    (f"{NAME}.not", {"const": "x"}, "NewThing.name: not has changed, which this comparison does not understand"),
    (f"{ASKED}.allOf", [{}], "NewThing: allOf has changed, which this comparison does not understand"),
    (
        f"{EXTRA}.propertyNames",
        {"type": "string", "maxLength": 5},
        "NewThing.extra, a name: is never anything any more",
    ),
    (f"{NAME}.enum", ["a"], "NewThing.name: is one of a now"),
    (f"{COLOUR}.enum", ["red"], "NewThing.colour: is never blue any more"),
    (f"{COLOUR}.default", "blue", "NewThing.colour: default is blue, was red"),
    (f"{ASKED}.properties.note", {"type": "string"}, "NewThing.note: is never null any more"),
    (f"{ASKED}.properties.tags.items.maxLength", 5, "NewThing.tags[]: maxLength is 5, was None"),
    (f"{ASKED}.properties.extra.additionalProperties.type", "integer", "NewThing.extra.*: is never string any more"),
    (f"{ASKED}.properties.extra.additionalProperties", False, "NewThing.extra: takes no other fields any more"),
    ("components.schemas.Part.properties.size", GONE, "Part.size: is gone"),
    (
        f"{ASKED}.properties.part.anyOf.1",
        {"type": "object"},
        "NewThing.part: has 2 alternatives of type object, had 1",
    ),
    # what is told
    (f"{LIST}.responses.200", GONE, "GET /things 200: is gone"),
    (f"{LIST}.responses.206", {}, "GET /things 206: is new"),
    (f"{LIST}.responses.200.headers", {}, "GET /things 200 X-Request-Id: is gone"),
    (f"{LIST}.responses.200.content", {}, "GET /things 200 application/json: is gone"),
    ("components.headers.X-Request-Id.required", False, "X-Request-Id: may be missing now"),
    ("components.headers.X-Request-Id.schema.type", "integer", "X-Request-Id: may be integer now"),
    (f"{PROBLEM}.x-codes", ["missing"], "the code not_found: is gone"),
    (f"{PROBLEM}.content", {}, "GET /things 404 application/problem+json: is gone"),
    (f"{TOLD}.properties.id", GONE, "ThingView.id: is gone"),
    (f"{TOLD}.required", [], "ThingView.id: may be missing now"),
    (f"{TOLD}.properties.id", {"anyOf": [{"type": "string"}, {"type": "null"}]}, "ThingView.id: may be null now"),
    (f"{TOLD}.properties.id.type", "integer", "ThingView.id: may be integer now"),
    (f"{TOLD}.properties.id.type", ["string", "null"], "ThingView.id: may be null now"),
    (f"{TOLD}.properties.size.type", "number", "ThingView.size: may be number now"),
    (f"{TOLD}.properties.at.format", "date", "ThingView.at: format is date, was date-time"),
    (f"{TOLD}.properties.kind.const", "item", "ThingView.kind: is never thing any more"),
]
ADDS: list[tuple[str, Any, str]] = [
    ("paths./new", {"get": {"operationId": "new", "responses": {}}}, "GET /new: is new"),
    (f"{MAKE}.security", [], "POST /things: is for tenant with nothing, was for tenant with accessToken"),
    (
        f"{MAKE}.security",
        [{"accessToken": []}, {"apiKey": []}],
        "POST /things: is for tenant with accessToken or apiKey, was for tenant with accessToken",
    ),
    (
        f"{LIST}.parameters.1",
        {"name": "q", "in": "query", "required": False, "schema": {}},
        "GET /things q (query): is new",
    ),
    (f"{LIST}.parameters.0.schema.maximum", 200, "GET /things limit (query): maximum is 200, was 100"),
    (f"{LIST}.parameters.0.schema.maximum", GONE, "GET /things limit (query): maximum is None, was 100"),
    (f"{LIST}.parameters.0.schema.type", "number", "GET /things limit (query): may be number now"),
    (f"{LIST}.requestBody", {"required": False, "content": {}}, "GET /things body: is new"),
    (f"{MAKE}.requestBody.content.text/plain", {"schema": {}}, "POST /things body text/plain: is new"),
    (f"{ASKED}.properties.size", {"type": "integer"}, "NewThing.size: is new"),
    (f"{ASKED}.required", [], "NewThing.name: may be missing now"),
    (f"{ASKED}.additionalProperties", True, "NewThing: other fields have another schema"),
    (f"{NAME}.maxLength", 11, "NewThing.name: maxLength is 11, was 10"),
    (f"{NAME}.minLength", GONE, "NewThing.name: minLength is None, was 1"),
    (f"{NAME}.default", "x", "NewThing.name: default is x, was None"),
    (f"{COLOUR}.enum", ["red", "blue", "green"], "NewThing.colour: may be green now"),
    (f"{COLOUR}.enum", GONE, "NewThing.colour: may have any value now"),
    (f"{NAME}", {"anyOf": [{"type": "string"}, {"type": "null"}]}, "NewThing.name: may be null now"),
    (f"{LIST}.responses.409", {}, "GET /things 409: is new"),
    (f"{LIST}.responses.404", GONE, "GET /things 404: is gone"),
    (f"{LIST}.responses.200.headers.ETag", {"schema": {}}, "GET /things 200 ETag: is new"),
    (f"{LIST}.responses.200.content.text/html", {"schema": {}}, "GET /things 200 text/html: is new"),
    (f"{PROBLEM}.x-codes", ["not_found", "no_thing"], "the code no_thing: is new"),
    (f"{TOLD}.properties.name", {"type": "string"}, "ThingView.name: is new"),
    (f"{TOLD}.required", ["id", "state"], "ThingView.state: must be there now"),
    (f"{TOLD}.properties.state.enum", ["new", "old", "gone"], "ThingView.state: may be gone now"),
    (f"{TOLD}.properties.state.enum", ["new"], "ThingView.state: is never old any more"),
    (f"{TOLD}.properties.id.enum", ["a"], "ThingView.id: is one of a now"),
    (f"{TOLD}.properties.id.maxLength", 5, "ThingView.id: maxLength is 5, was None"),
    (f"{TOLD}.additionalProperties", False, "ThingView: takes no other fields any more"),
]


def edited(place: str, value: Any) -> dict[str, Any]:
    """The contract with another value there. Places are dotted; numbers count in lists."""
    contract = copy.deepcopy(BASE)
    *way, last = place.split(".")
    at: Any = contract
    for step in way:
        at = at[int(step)] if isinstance(at, list) else at.setdefault(step, {})
    if value is GONE:
        del at[last]
    elif isinstance(at, list):
        at[int(last) : int(last) + 1] = [value]
    else:
        at[last] = value
    return contract


@pytest.mark.parametrize(("place", "value", "words"), BREAKS)
def test_it_breaks_clients(place: str, value: Any, words: str) -> None:
    found = {str(change): change.is_breaking for change in compare(BASE, edited(place, value))}
    assert found.get(words) is True, found


@pytest.mark.parametrize(("place", "value", "words"), ADDS)
def test_it_breaks_nobody(place: str, value: Any, words: str) -> None:
    found = {str(change): change.is_breaking for change in compare(BASE, edited(place, value))}
    assert found.get(words) is False, found
    assert not any(breaking for sentence, breaking in found.items() if not sentence.startswith("the code")), found


def test_no_field_of_the_real_contract_is_overlooked() -> None:
    before = json.loads((Path(__file__).parents[3] / "docs/openapi.json").read_text(encoding="utf-8"))
    after = copy.deepcopy(before)
    touched = set()
    for name, schema in after["components"]["schemas"].items():
        for field, inner in schema.get("properties", {}).items():
            if "type" in inner:
                inner["pattern"] = "^new$"
                touched.add(f"{name}.{field}")
    seen = {change.where for change in compare(before, after)}
    assert len(touched) > 150
    assert touched - seen == set()


def test_the_same_contract_has_not_changed() -> None:
    assert compare(BASE, copy.deepcopy(BASE)) == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (f"{LIST}.summary", "Other words"),
        (f"{NAME}.description", "Other words"),
        (f"{NAME}.examples", ["Ada"]),
        (f"{LIST}.tags", ["others"]),
    ],
)
def test_words_and_examples_are_no_change(place: str, value: Any) -> None:
    assert compare(BASE, edited(place, value)) == []


def test_a_schema_is_compared_once_and_named_once() -> None:
    """However deep within itself, and wherever it is used."""
    found = compare(BASE, edited(f"{TOLD}.properties.size", GONE))
    assert [str(change) for change in found] == ["ThingView.size: is gone"]


def test_breaks_come_first_and_in_order() -> None:
    after = edited(f"{TOLD}.properties.size", GONE)
    after["paths"]["/a"] = {"get": {"operationId": "a", "responses": {}}}
    del after["paths"]["/open"]
    assert [str(change) for change in compare(BASE, after)] == [
        "GET /open: is gone",
        "ThingView.size: is gone",
        "GET /a: is new",
    ]
