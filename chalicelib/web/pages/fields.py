"""A JSON Schema as a readable list of fields, nested where the schema is."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from chalicelib.web.openapi.samples import JsonSchema, Samples
from chalicelib.web.pages.html import Html, el, inline, join

_DEEPEST = 5
_FORMATS = {"date-time": "time", "date": "date", "uri": "address", "uri-reference": "address"}
_NOT_BLANK = r"\S"
_RANGES = (
    ("minLength", "maxLength", "characters"),
    ("minItems", "maxItems", "items"),
    ("minProperties", "maxProperties", "fields"),
    ("minimum", "maximum", ""),
)


class Fields:
    """A body's fields say whether they are required. `trail` names what is being shown: a schema within itself ends."""

    def __init__(self, samples: Samples, *, of_body: bool) -> None:
        self._resolve = samples.resolve
        self._of_body = of_body

    def of(self, schema: JsonSchema, trail: tuple[str, ...] = ()) -> Html | None:
        """Nothing for a schema that has no fields."""
        variants = [each for each in self._objects(schema, trail) if each[0].get("properties")]
        if not variants or len(trail) > _DEEPEST:
            return None
        lists = [self._list(*variant) for variant in variants]
        return lists[0] if len(lists) == 1 else join(self._alternatives(lists))

    def row(self, name: str, schema: JsonSchema, *, required: bool, trail: tuple[str, ...] = ()) -> Html:
        head = [
            el("code", name, class_="name"),
            el("span", self.kind(schema), class_="kind"),
            el("span", "required", class_="required") if required and self._of_body else None,
            el("span", "shown once", class_="once") if _says(schema, "x-shown-once") else None,
        ]
        words = schema.get("description") or self._resolve(schema)[0].get("description", "")
        notes = "; ".join(self._notes(schema))
        return el(
            "li",
            el("div", join(head), class_="field"),
            el("p", inline(words)) if words else None,
            el("p", inline(notes), class_="notes") if notes else None,
            self.of(schema, trail),
        )

    def kind(self, schema: JsonSchema) -> str:
        plain, name = self._resolve(schema)
        if choices := plain.get("anyOf", plain.get("oneOf")):
            return " or ".join(dict.fromkeys(self.kind(choice) for choice in choices))
        if plain.get("type") == "array":
            return f"list of {self.kind(plain.get('items', {}))}"
        if isinstance(plain.get("additionalProperties"), Mapping):
            return f"fields of {self.kind(plain['additionalProperties'])}"
        if "format" in plain:
            return _FORMATS.get(plain["format"], str(plain["format"]))
        if "const" in plain:
            return str(plain["const"]).lower() if isinstance(plain["const"], bool) else f"“{plain['const']}”"
        return str(plain.get("type", "object" if name else "anything"))

    def _list(self, schema: JsonSchema, trail: tuple[str, ...]) -> Html:
        required = schema.get("required", ())
        rows = (
            self.row(name, inner, required=name in required, trail=trail)
            for name, inner in sorted(
                schema["properties"].items(), key=lambda field: self._is_optional(field[0], required)
            )
        )
        return el("ul", rows, class_="fields")

    def _is_optional(self, name: str, required: Collection[str]) -> bool:
        return self._of_body and name not in required

    def _alternatives(self, lists: list[Html]) -> Iterator[Html]:
        for number, each in enumerate(lists):
            yield el("p", "one of" if number == 0 else "or", class_="either")
            yield each

    def _objects(self, schema: JsonSchema, trail: tuple[str, ...]) -> Iterator[tuple[JsonSchema, tuple[str, ...]]]:
        plain, name = self._resolve(schema)
        if name and name in trail:
            return
        trail = (*trail, name or "-")
        for choice in plain.get("anyOf", plain.get("oneOf", ())):
            yield from self._objects(choice, trail)
        if plain.get("type") == "array":
            yield from self._objects(plain.get("items", {}), trail)
        if plain.get("type") == "object":
            yield plain, trail

    def _notes(self, schema: JsonSchema) -> Iterator[str]:
        plain = self._resolve(schema)[0]
        for part in (plain, *(self._resolve(choice)[0] for choice in plain.get("anyOf", ()))):
            if "enum" in part:
                yield "one of " + ", ".join(f"`{value}`" for value in part["enum"])
            yield from _ranges(part)
        if plain.get("type") == "array":
            yield from self._notes(plain.get("items", {}))
        default = schema.get("default")
        if isinstance(default, str | int | float) and default != "":
            spelled = default if isinstance(default, str) else json.dumps(default)
            yield f"by default `{spelled}`"


def _ranges(schema: JsonSchema) -> Iterator[str]:
    """What is at least one says so by being required."""
    for least, most, unit in _RANGES:
        low, high = schema.get(least), schema.get(most)
        if low in {None, 0, 1} and unit:
            low = None
        if low is not None and high is not None:
            yield f"{low} to {high} {unit}".rstrip()
        elif high is not None:
            yield f"at most {high} {unit}".rstrip()
        elif low is not None:
            yield f"at least {low} {unit}".rstrip()
    if schema.get("pattern") == _NOT_BLANK:
        yield "not blank"
    elif "pattern" in schema:
        yield f"like `{schema['pattern']}`"


def _says(schema: Mapping[str, Any], word: str) -> bool:
    return bool(schema.get(word)) or any(choice.get(word) for choice in schema.get("anyOf", ()))
