"""JSON Schemas of all bodies, queries and answers, generated at once so that two of one name are told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from pydantic_core import core_schema

from chalicelib.web.endpoint import Endpoint
from chalicelib.web.schema import SHOWN_ONCE, Nothing, Schema

_TEMPLATE = "#/components/schemas/{model}"

JsonSchema = dict[str, Any]


class Schemas:
    """Queries are no components of their own: their fields become parameters."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        wanted: dict[tuple[type[Schema], JsonSchemaMode], None] = {}
        for endpoint in endpoints:
            written = (endpoint.returns, *endpoint.also.values())
            pairs = ((endpoint.body, _READ), (endpoint.query, _READ), *((each, _WRITTEN) for each in written))
            wanted |= dict.fromkeys(pair for pair in pairs if pair[0] is not Nothing)
        places, generated = models_json_schema(list(wanted), ref_template=_TEMPLATE, schema_generator=_Plain)
        components = generated.get("$defs", {})
        names = _names(components)
        self._places: Mapping[tuple[type[Any], JsonSchemaMode], JsonSchema] = {
            pair: _renamed(place, names) for pair, place in places.items()
        }
        self.components: dict[str, JsonSchema] = {
            names[name]: _renamed(schema, names) for name, schema in components.items()
        }
        for endpoint in endpoints:
            if endpoint.replayable and endpoint.returns is not Nothing:
                _leave_out_secrets(self.components[self.answer(endpoint.returns)["$ref"].rpartition("/")[2]])
        queries = {self._name(endpoint.query) for endpoint in endpoints}
        self._queries: dict[str, JsonSchema] = {name: self.components.pop(name) for name in queries}

    def body(self, endpoint: Endpoint) -> JsonSchema:
        return self._places[endpoint.body, _READ]

    def answer(self, schema: type[Schema]) -> JsonSchema:
        return self._places[schema, _WRITTEN]

    def query(self, endpoint: Endpoint) -> JsonSchema:
        return self._queries[self._name(endpoint.query)]

    def _name(self, query: type[Schema]) -> str:
        return str(self._places[query, _READ]["$ref"]).rpartition("/")[2]


_READ: JsonSchemaMode = "validation"
_WRITTEN: JsonSchemaMode = "serialization"


class _Plain(GenerateJsonSchema):
    """Without titles, which only repeat the names; and answers stay open, because they may gain fields at any time."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 -- Pydantic's signature
        return False

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchema:
        plain: JsonSchema = super().enum_schema(schema)
        plain.pop("title", None)
        return plain

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchema:
        plain: JsonSchema = super().model_schema(schema)
        plain.pop("title", None)
        if self.mode == _WRITTEN:
            plain.pop("additionalProperties", None)
        return plain


def _leave_out_secrets(answer: JsonSchema) -> None:
    """A replay shows the thing without what is shown once."""
    fields = answer["properties"]
    answer["required"] = [name for name in answer.get("required", ()) if not fields[name].get(SHOWN_ONCE)]


def _names(generated: Mapping[str, JsonSchema]) -> dict[str, str]:
    """Of what is read and written Pydantic makes `MessageBody-Input` and `-Output`; clients make classes of both."""
    names = {name: _name(name) for name in generated}
    if len(set(names.values())) < len(names):
        raise ValueError(f"two schemas would have one name: {sorted(names.values())}")
    return names


def _name(generated: str) -> str:
    plain, _, way = generated.partition("-")
    return plain.removesuffix("Body") + "View" if way == "Output" else plain


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """The same with its references to components by their new names."""
    match value:
        case {"$ref": str(place)}:
            old = place.rpartition("/")[2]
            return value | {"$ref": _TEMPLATE.format(model=names.get(old, old))}
        case dict():
            return {key: _renamed(inner, names) for key, inner in value.items()}
        case list():
            return [_renamed(inner, names) for inner in value]
    return value
