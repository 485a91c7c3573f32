"""Example values for a JSON Schema: the schema's own where it gives some, else what its names and types suggest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

JsonSchema = Mapping[str, Any]

_DEEPEST = 6
_ULID = "01kz8m5q3v7x9c2b4n6t8w0y1e"
_PREFIXES = {
    "campaign": "cmp_",
    "contact": "con_",
    "key": "key_",
    "run": "run_",
    "segment": "seg_",
    "site": "site_",
    "template": "tpl_",
    "tenant": "ten_",
    "user": "usr_",
}
_OWNED = {
    ("apikey", "name"): "Checkout server",
    ("campaign", "status"): "scheduled",
    ("run", "state"): "sent",
    ("run", "status"): "sent",
    ("stats", "run"): f"run_{_ULID}",
    ("stats", "state"): "sending",
    ("site", "name"): "Analytical Engines",
    ("tenant", "name"): "Analytical Engines",
    ("user", "name"): "Ada Lovelace",
    ("membership", "name"): "Analytical Engines",
    ("subscription", "status"): "active",
    ("tenant", "state"): "active",
}
_WORDS = {
    "access_token": "eyJhbGciOiJFUzI1NiIs…",
    "action": "open",
    "auth": "tBHItJI5svbpez7KI4CCXg",
    "body": "Until Sunday, on everything.",
    "browser": "firefox",
    "code": "not_found",
    "email": "ada@example.com",
    "endpoint": "https://updates.push.services.mozilla.com/wpush/v2/…",
    "icon": "https://shop.example/icon.png",
    "image": "https://shop.example/sale.jpg",
    "external_id": "customer-1815",
    "key": "ps_live_4f7k2m9x_…",
    "lang": "en",
    "language": "en",
    "name": "Spring sale",
    "next_cursor": "MDFrejhtNXEzdg…",
    "origins": "https://shop.example",
    "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-…",
    "password": "correct horse battery staple",
    "prefix": "4f7k2m9x",
    "plan": "free",
    "recurrence": "FREQ=WEEKLY;BYDAY=MO",
    "refresh_token": "rt_…",
    "site_key": "pk_4f7k2m9xq8w3",
    "snippet": '<script src="…/sdk/v1/pushsaas.js" data-site-key="…" async></script>',
    "status": "ok",
    "subject": "mailto:push@shop.example",
    "tags": "newsletter",
    "tenant_name": "Analytical Engines",
    "timezone": "Europe/Madrid",
    "title": "20 % off everything",
    "token_type": "Bearer",
    "url": "https://shop.example",
    "vapid_public_key": "BNbxGYNMhEIi9zrneh7mqV4oUanj…",
    "zone": "Europe/Madrid",
}
_NUMBERS = {
    "accepted": 940,
    "audience": 1000,
    "excluded": 250,
    "expired": 0,
    "expires_in": 900,
    "failed": 2,
    "gone": 31,
    "pending": 15,
    "skipped": 12,
}  # accepted + gone + failed + skipped + expired + pending = audience, also here
_FORMATS = {"date-time": "2026-03-01T09:00:00Z", "date": "2026-03-01", "uri": "https://shop.example"}


class Samples:
    """`components` are the schemas that references point to."""

    def __init__(self, components: Mapping[str, JsonSchema]) -> None:
        self._components = components

    def of(self, schema: JsonSchema, *, whole: bool) -> Any:
        """`whole` shows every field; else only those that have to be there."""
        return self._value(schema, name="", owner="", whole=whole, depth=0)

    def resolve(self, schema: JsonSchema) -> tuple[JsonSchema, str]:
        """The schema behind a reference, and its name."""
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        return (self._components[name], name) if name else (schema, "")

    def _value(self, schema: JsonSchema, *, name: str, owner: str, whole: bool, depth: int) -> Any:
        if "$ref" in schema:
            schema, owner = self.resolve(schema)
        given = _given(schema)
        if given is not None:
            return given
        choices = [each for each in schema.get("anyOf", schema.get("oneOf", ())) if each.get("type") != "null"]
        if choices:
            return self._value(choices[0], name=name, owner=owner, whole=whole, depth=depth)
        match schema.get("type"):
            case "object":
                return self._object(schema, owner=owner, whole=whole, depth=depth + 1)
            case "array" if depth <= _DEEPEST:
                return [self._value(schema.get("items", {}), name=name, owner="", whole=whole, depth=depth + 1)]
            case "array":
                return []
        return _scalar(schema, name, owner)

    def _object(self, schema: JsonSchema, *, owner: str, whole: bool, depth: int) -> dict[str, Any]:
        shown = schema.get("properties", {})
        if not whole:
            shown = {name: shown[name] for name in schema.get("required", ()) if name in shown}
        if depth > _DEEPEST:
            return {}
        return {
            name: self._value(inner, name=name, owner=owner, whole=whole, depth=depth) for name, inner in shown.items()
        }


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
            return _NUMBERS.get(name, schema.get("minimum", 1))
        case "boolean":
            return False
    return _text(schema, name, owner)


def _text(schema: JsonSchema, name: str, owner: str) -> str:
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    kind = owner.lower() if name == "id" else name.removesuffix("_id") if name.endswith("_id") else ""
    if "subscription" in kind:
        return "sub_9f86d081884c7d659a2feaa0c55ad015"
    prefix = next((prefix for word, prefix in _PREFIXES.items() if word in kind), None)
    if prefix:
        return prefix + _ULID
    owned = (words for (word, field), words in _OWNED.items() if field == name and word in owner.lower())
    return next(owned, _WORDS.get(name, "…"))
