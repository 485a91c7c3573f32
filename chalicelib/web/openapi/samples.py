"""Example values for a JSON Schema: the schema's own where it gives some, else what its names and types suggest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

JsonSchema = Mapping[str, Any]

_DEEPEST = 6
_ULID = "01kz8m5q3v7x9c2b4n6t8w0y1e"
_PREFIXES = {
    "block": "blk_",
    "campaign": "cmp_",
    "contact": "con_",
    "export": "exp_",
    "invitation": "inv_",
    "key": "key_",
    "notification": "ntf_",
    "run": "run_",
    "segment": "seg_",
    "session": "ses_",
    "site": "site_",
    "template": "tpl_",
    "tenant": "ten_",
    "user": "usr_",
}
_WORDS = {
    "access_token": "eyJhbGciOiJFUzI1NiIs…",
    "code": "not_found",
    "cursor": "MDFrejhtNXEzdg",
    "device_token": "dt_…",
    "email": "ada@example.com",
    "external_id": "customer-1815",
    "host": "fcm.googleapis.com",
    "next_cursor": "MDFrejhtNXEzdg",
    "current_password": "correct horse battery staple",
    "password": "correct horse battery staple",
    "receipt": "AQGgAAAAAAAAAAAAAAAAAAABoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABAABpo0OAAAAAAAAAAAAAAAAAAAAA",
    "refresh_token": "rt_…",
    "run": f"run_{_ULID}",
    "site_key": "pk_4e316261cfa9269de0c6807ceebd81a2",
    "tag": "newsletter",
    "timezone": "Europe/Madrid",
    "token": "vt_…",
    "url": "https://shop.example",
    "vapid_public_key": "BLqXUP-QYqyzM0Ee7fzMX3H3WnpdWNxRq9GaLG7MHcdCSC5KYv89BUEwpkKjl4eZj3a3tefvB08q0OzOA9dkkF0",
}
_PARAMETERS = {"name": "send", "provider": "google"}  # in a path; in bodies a name may be anything's
_FORMATS = {"date-time": "2026-03-01T09:00:00Z", "date": "2026-03-01", "uri": "https://shop.example"}


class Samples:
    """`components` are the schemas that references point to."""

    def __init__(self, components: Mapping[str, JsonSchema]) -> None:
        self._components = components

    def of(self, schema: JsonSchema, *, whole: bool) -> Any:
        """`whole` shows every field; else those that have to be there, and those that the schema's own example has."""
        return self._value(schema, name="", owner="", whole=whole, depth=0)

    def named(self, name: str, schema: JsonSchema) -> Any:
        """Of a parameter."""
        return _PARAMETERS.get(name) or self._value(schema, name=name, owner="", whole=True, depth=0)

    def resolve(self, schema: JsonSchema) -> tuple[JsonSchema, str]:
        """The schema behind a reference, and its name."""
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        return (self._components[name], name) if name else (schema, "")

    def _value(self, schema: JsonSchema, *, name: str, owner: str, whole: bool, depth: int) -> Any:
        if "$ref" in schema:
            schema, owner = self.resolve(schema)
        if "properties" in schema:
            return self._object(schema, owner=owner, whole=whole, depth=depth + 1)
        given = _given(schema)
        if given is not None:
            return given
        choices = [each for each in schema.get("anyOf", schema.get("oneOf", ())) if each.get("type") != "null"]
        if choices:
            return self._value(choices[0], name=name, owner=owner, whole=whole, depth=depth)
        match schema.get("type"):
            case "object":
                return {}
            case "array" if depth <= _DEEPEST:
                return [self._value(schema.get("items", {}), name=name, owner="", whole=whole, depth=depth + 1)]
            case "array":
                return []
        return self._id(name) or _scalar(schema, name, owner)

    def _id(self, name: str) -> str | None:
        """`price_drop_id` is the id that PriceDropView's own example has."""
        if not name.endswith("_id"):
            return None
        view = "".join(word.capitalize() for word in name.removesuffix("_id").split("_")) + "View"
        own: Mapping[str, Any] = next(iter(self._components.get(view, {}).get("examples", ())), {})
        return own.get("id")

    def _object(self, schema: JsonSchema, *, owner: str, whole: bool, depth: int) -> dict[str, Any]:
        """A schema's own example says what is special; what else may be null is."""
        if depth > _DEEPEST:
            return {}
        own: Mapping[str, Any] = next(iter(schema.get("examples", ())), {})
        wanted = schema["properties"].keys() if whole else {*schema.get("required", ()), *own}
        shown = {name: inner for name, inner in schema["properties"].items() if name in wanted}
        null = {name: None for name, inner in shown.items() if own and _may_be_null(inner)}
        told = {**null, **own}
        return {
            name: told[name] if name in told else self._value(inner, name=name, owner=owner, whole=whole, depth=depth)
            for name, inner in shown.items()
        }


def _may_be_null(schema: JsonSchema) -> bool:
    return any(choice.get("type") == "null" for choice in schema.get("anyOf", ()))


def _given(schema: JsonSchema) -> Any:
    if schema.get("examples"):
        return schema["examples"][0]
    for word in ("const", "default"):
        if schema.get(word) is not None and schema[word] != "":
            return schema[word]
    return schema["enum"][0] if schema.get("enum") else None


def _scalar(schema: JsonSchema, name: str, owner: str) -> Any:
    match schema.get("type"):
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return name == "has_more"  # which goes with a next_cursor
    return _text(schema, name, owner)


def _text(schema: JsonSchema, name: str, owner: str) -> str:
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    kind = owner.lower() if name == "id" else name.removesuffix("_id") if name.endswith("_id") else ""
    if "subscription" in kind:
        return "sub_9f86d081884c7d659a2feaa0c55ad015"
    prefix = next((prefix for word, prefix in _PREFIXES.items() if word in kind), None)
    return prefix + _ULID if prefix else _WORDS.get(name, "…")
