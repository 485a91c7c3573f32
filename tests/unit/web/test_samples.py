"""Examples of a JSON Schema: what it gives itself, and what its names and types suggest for the rest."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.web.openapi.samples import Samples

COMPONENTS: dict[str, Any] = {
    "SiteView": {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "string"},
            "site_key": {"type": "string"},
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
    assert (site["site_key"][:3], site["owner_id"], site["created_at"]) == ("pk_", "…", "2026-03-01T09:00:00Z")
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


OWN: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "site_id": {"type": "string"},
        "until": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "examples": [{"tags": ["new"]}],
}


def test_an_example_of_its_own_is_filled_up() -> None:
    whole = Samples({}).of(OWN, whole=True)
    assert whole == {"name": "…", "site_id": "site_01kz8m5q3v7x9c2b4n6t8w0y1e", "until": None, "tags": ["new"]}


def test_a_body_shows_also_what_its_own_example_has() -> None:
    assert Samples({}).of(OWN, whole=False) == {"name": "…", "tags": ["new"]}


def test_an_id_is_the_one_that_its_view_shows() -> None:
    drop = {"type": "object", "properties": {"id": {"type": "string"}}, "examples": [{"id": "prd_1"}]}
    assert Samples({"PriceDropView": drop}).named("price_drop_id", {"type": "string"}) == "prd_1"
    assert Samples({}).named("price_drop_id", {"type": "string"}) == "…"


def test_a_parameter_is_known_by_its_name() -> None:
    assert Samples({}).named("run", {"type": "string"}).startswith("run_")
    assert Samples({}).named("limit", {"type": "integer", "default": 50}) == 50
