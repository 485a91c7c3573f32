"""A JSON Schema as a list of fields for people."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.web.openapi.samples import Samples
from chalicelib.web.pages.fields import Fields
from tests.unit.web.test_html import Reader

COMPONENTS: dict[str, Any] = {
    "Audience": {
        "anyOf": [
            {"type": "object", "properties": {"all": {"const": True}}},
            {"type": "object", "properties": {"segment_id": {"type": "string"}}, "required": ["segment_id"]},
        ]
    },
    "Tree": {
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}},
    },
    "Colour": {"type": "string", "enum": ["red", "blue"], "description": "Of the badge."},
}


def words(schema: dict[str, Any], *, required: bool = False, of_body: bool = True) -> str:
    row = Fields(Samples(COMPONENTS), of_body=of_body).row("field", schema, required=required)
    return " ".join(Reader(row.replace("><", "> <")).text.split())


def kind(schema: dict[str, Any]) -> str:
    return Fields(Samples(COMPONENTS), of_body=True).kind(schema)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "string"),
        ({"type": "string", "format": "date-time"}, "time"),
        ({"type": "string", "format": "uuid"}, "uuid"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"oneOf": [{"type": "integer"}, {"type": "integer"}]}, "integer"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Colour"}}, "list of string"),
        ({"type": "array"}, "list of anything"),
        ({"const": True}, "true"),
        ({"const": "all"}, "“all”"),
        ({"$ref": "#/components/schemas/Audience"}, "object"),
        ({}, "anything"),
    ],
)
def test_a_kind_is_said_in_words(schema: dict[str, Any], expected: str) -> None:
    assert kind(schema) == expected


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "minLength": 1, "maxLength": 100}, "field string at most 100 characters"),
        ({"type": "string", "minLength": 8, "maxLength": 128}, "field string 8 to 128 characters"),
        ({"type": "string", "minLength": 8}, "field string at least 8 characters"),
        ({"type": "array", "items": {"type": "string", "maxLength": 9}, "maxItems": 2},
         "field list of string at most 2 items; at most 9 characters"),
        ({"type": "integer", "minimum": 1, "maximum": 100, "default": 50}, "field integer 1 to 100; by default 50"),
        ({"type": "boolean", "default": False}, "field boolean by default false"),
        ({"type": "string", "default": ""}, "field string"),
        ({"type": "array", "items": {"type": "string"}, "default": []}, "field list of string"),
        ({"type": "string", "pattern": r"\S"}, "field string not blank"),
        ({"type": "string", "pattern": "^a<b$"}, "field string like ^a<b$"),
        ({"anyOf": [{"type": "string", "maxLength": 5}, {"type": "null"}]}, "field string or null at most 5 characters"),
        ({"$ref": "#/components/schemas/Colour"}, "field string Of the badge. one of red, blue"),
        ({"type": "string", "description": "Say `x`."}, "field string Say x."),
        ({"type": "string", "x-shown-once": True}, "field string shown once"),
        ({"anyOf": [{"type": "string", "x-shown-once": True}, {"type": "null"}]}, "field string or null shown once"),
    ],
)  # fmt: skip
def test_limits_and_words_are_said(schema: dict[str, Any], expected: str) -> None:
    assert words(schema) == expected


def test_only_bodies_say_what_is_required() -> None:
    assert words({"type": "string"}, required=True) == "field string required"
    assert words({"type": "string"}, required=True, of_body=False) == "field string"


def test_what_is_required_comes_first_in_a_body() -> None:
    schema = {
        "type": "object",
        "required": ["last"],
        "properties": {name: {"type": "string"} for name in ("first", "last")},
    }
    assert words(schema) == "field object last string required first string"
    assert words(schema, of_body=False) == "field object first string last string"


def test_fields_of_fields_are_shown_and_alternatives_named() -> None:
    schema = {"type": "object", "properties": {"audience": {"$ref": "#/components/schemas/Audience"}}}
    text = words(schema)
    assert "audience object one of all true or segment_id string required" in text


def test_a_schema_within_itself_ends() -> None:
    assert words({"$ref": "#/components/schemas/Tree"}).count("children") == 1


def test_a_deep_schema_is_shown_to_a_depth() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for level in range(20):
        schema = {"type": "object", "properties": {f"level_{level}": schema}}
    assert 3 < words(schema).count("level_") < 10


def test_a_schema_without_fields_has_no_list() -> None:
    assert Fields(Samples(COMPONENTS), of_body=True).of({"type": "string"}) is None
    assert Fields(Samples(COMPONENTS), of_body=True).of({"type": "object"}) is None
