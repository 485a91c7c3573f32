"""JSON Schemas of all bodies, queries and answers, generated at once so that two of one name are told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from pydantic_core import core_schema

from chalicelib.web.endpoint import Endpoint
from chalicelib.web.schema import Nothing, Schema

_TEMPLATE = "#/components/schemas/{model}"

JsonSchema = dict[str, Any]


class Schemas:
    """Queries are no components of their own: their fields become parameters."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        wanted: dict[tuple[type[Schema], JsonSchemaMode], None] = {}
        for endpoint in endpoints:
            pairs = ((endpoint.body, _READ), (endpoint.query, _READ), (endpoint.returns, _WRITTEN))
            wanted |= dict.fromkeys(pair for pair in pairs if pair[0] is not Nothing)
        places, generated = models_json_schema(list(wanted), ref_template=_TEMPLATE, schema_generator=_Plain)
        self._places: Mapping[tuple[type[Any], JsonSchemaMode], JsonSchema] = places
        self.components: dict[str, JsonSchema] = generated.get("$defs", {})
        names = {self._name(endpoint.query) for endpoint in endpoints}
        self._queries: dict[str, JsonSchema] = {name: self.components.pop(name) for name in names}

    def body(self, endpoint: Endpoint) -> JsonSchema:
        return self._places[endpoint.body, _READ]

    def answer(self, endpoint: Endpoint) -> JsonSchema:
        return self._places[endpoint.returns, _WRITTEN]

    def query(self, endpoint: Endpoint) -> JsonSchema:
        return self._queries[self._name(endpoint.query)]

    def _name(self, query: type[Schema]) -> str:
        return str(self._places[query, _READ]["$ref"]).rpartition("/")[2]


_READ: JsonSchemaMode = "validation"
_WRITTEN: JsonSchemaMode = "serialization"


class _Plain(GenerateJsonSchema):
    """Without a title on every field; and answers stay open, because they may gain fields at any time."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 -- Pydantic's signature
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchema:
        plain: JsonSchema = super().model_schema(schema)
        if self.mode == _WRITTEN:
            plain.pop("additionalProperties", None)
        return plain
