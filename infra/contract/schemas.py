"""Two versions of a JSON Schema compared. What clients may send may only grow wider, what they are told only richer.

A component is compared once and reported under its own name, however many operations use it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from infra.contract.change import Change, gone_and_new, listed

Schema = Mapping[str, Any]

_ANYTHING = "anything"
_MOST = ("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum")
_LEAST = ("minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum")
_EXACT = ("pattern", "multipleOf", "uniqueItems", "format", "default")
_READ = {
    *_MOST, *_LEAST, *_EXACT, "$ref", "additionalProperties", "anyOf", "const", "enum", "items", "oneOf", "properties",
    "propertyNames", "required", "type",
}  # fmt: skip
_SAID = {"deprecated", "description", "examples", "title"}
_KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


class Way(StrEnum):
    ASKED = "asked"  # in bodies and parameters: what a client could send must still be taken
    TOLD = "told"  # in answers: what a client could read must still be there


class SchemaComparison:
    """`before` and `after` are the components that references point to."""

    def __init__(self, before: Mapping[str, Schema], after: Mapping[str, Schema]) -> None:
        self._before = before
        self._after = after
        self._compared: set[tuple[str, str, Way]] = set()

    def compare(self, old: Schema, new: Schema, *, where: str, way: Way) -> Iterator[Change]:
        yield from _beside_references(old, new, where, way)
        pair = (_named(old), _named(new), way)
        if pair in self._compared:
            return
        if pair[0] or pair[1]:
            self._compared.add(pair)
            where = pair[1] or where
        olds, news = _variants(old, self._before), _variants(new, self._after)
        yield from _of_kinds(olds, news, where, way)
        for kind in olds.keys() & news.keys():
            if len(olds[kind]) != len(news[kind]):
                words = f"has {len(news[kind])} alternatives of type {kind}, had {len(olds[kind])}"
                yield Change(where, words, is_breaking=True)
            for one, other in zip(olds[kind], news[kind], strict=False):
                are_plain = not (_named(one) or _named(other))
                yield from (self._of_one if are_plain else self.compare)(one, other, where=where, way=way)

    def _of_one(self, old: Schema, new: Schema, *, where: str, way: Way) -> Iterator[Change]:
        """Of the same type, and no references."""
        yield from _of_values(_values(old), _values(new), where, way)
        yield from _of_limits(old, new, where, way)
        yield from _of_unread(old, new, where)
        yield from self._of_fields(old, new, where, way)
        for word, place in (("items", "[]"), ("propertyNames", ", a name")):
            if word in old or word in new:
                yield from self.compare(old.get(word, {}), new.get(word, {}), where=where + place, way=way)

    def _of_fields(self, old: Schema, new: Schema, where: str, way: Way) -> Iterator[Change]:
        olds, news = old.get("properties", {}), new.get("properties", {})
        needed = {name: (name in old.get("required", ()), name in new.get("required", ())) for name in {**olds, **news}}
        is_demanded = {name for name, (_, now) in needed.items() if now and way is Way.ASKED}
        yield from gone_and_new(olds, news, f"{where}.", new_breaks=is_demanded.__contains__)
        for name in olds.keys() & news.keys():
            was, now = needed[name]
            if was != now:
                words = "must be there now" if now else "may be missing now"
                yield Change(f"{where}.{name}", words, is_breaking=now is (way is Way.ASKED))
            yield from self.compare(olds[name], news[name], where=f"{where}.{name}", way=way)
        yield from self._of_others(old, new, where, way)

    def _of_others(self, old: Schema, new: Schema, where: str, way: Way) -> Iterator[Change]:
        """Fields that the schema does not name."""
        before, after = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from self.compare(before, after, where=f"{where}.*", way=way)
        elif before != after:
            is_narrower = after is False or before is True
            words = "takes no other fields any more" if after is False else "other fields have another schema"
            yield Change(where, words, is_breaking=is_narrower and way is Way.ASKED)


def _named(schema: Schema) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _variants(schema: Schema, components: Mapping[str, Schema]) -> dict[str, list[Schema]]:
    """By type: what `anyOf` lists. What is listed by reference stays one, so that it is compared under its name."""
    found: dict[str, list[Schema]] = {}
    waiting = [(schema, True)]
    while waiting:
        each, is_whole = waiting.pop(0)
        plain = components[_named(each)] if _named(each) else each
        choices = plain.get("anyOf", plain.get("oneOf", ()))
        waiting += [(choice, False) for choice in choices]
        for kind in () if choices else _kinds(plain):
            found.setdefault(kind, []).append(plain if is_whole else each)
    return found


def _kinds(schema: Schema) -> list[str]:
    named = schema.get("type")
    if named is None:
        return sorted({_KINDS.get(type(value), "object") for value in _values(schema) or ()}) or [_ANYTHING]
    return list(named) if isinstance(named, list) else [str(named)]


def _values(schema: Schema) -> tuple[Any, ...] | None:
    """The only ones there are, where the schema lists them."""
    return (schema["const"],) if "const" in schema else tuple(schema["enum"]) if "enum" in schema else None


def _of_kinds(olds: Mapping[str, Any], news: Mapping[str, Any], where: str, way: Way) -> Iterator[Change]:
    if lost := [kind for kind in olds if not _covers(news, kind)]:
        yield Change(where, f"is never {listed(lost)} any more", is_breaking=way is Way.ASKED)
    if fresh := [kind for kind in news if not _covers(olds, kind)]:
        yield Change(where, f"may be {listed(fresh)} now", is_breaking=way is Way.TOLD)


def _covers(kinds: Mapping[str, Any], kind: str) -> bool:
    return kind in kinds or _ANYTHING in kinds or (kind == "integer" and "number" in kinds)


def _of_values(before: tuple[Any, ...] | None, after: tuple[Any, ...] | None, where: str, way: Way) -> Iterator[Change]:
    """One more value in an answer breaks nothing: clients are told to expect what they do not know."""
    if before is None and after is not None:
        yield Change(where, f"is one of {listed(after)} now", is_breaking=way is Way.ASKED)
    elif before is not None and after is None:
        yield Change(where, "may have any value now", is_breaking=False)
    elif before is not None and after is not None:
        if lost := set(before) - set(after):
            is_another = lost == set(before)
            yield Change(where, f"is never {listed(lost)} any more", is_breaking=is_another or way is Way.ASKED)
        if fresh := set(after) - set(before):
            yield Change(where, f"may be {listed(fresh)} now", is_breaking=False)


def _of_limits(old: Schema, new: Schema, where: str, way: Way) -> Iterator[Change]:
    for word in (*_MOST, *_LEAST, *_EXACT):
        before, after = old.get(word), new.get(word)
        if before != after:
            is_breaking = _is_narrower(word, before, after) if way is Way.ASKED else word == "format"
            yield Change(where, f"{word} is {after}, was {before}", is_breaking=is_breaking)


def _beside_references(old: Schema, new: Schema, where: str, way: Way) -> Iterator[Change]:
    """What stands beside a `$ref` is said of this place alone."""
    if _named(old) and _named(new):
        yield from _of_limits(old, new, where, way)
        yield from _of_unread(old, new, where)


def _of_unread(old: Schema, new: Schema, where: str) -> Iterator[Change]:
    """What is not understood here is for a person to judge, and breaks until one has."""
    for word in sorted((old.keys() | new.keys()) - _READ - _SAID):
        if old.get(word) != new.get(word) and not word.startswith("x-"):
            yield Change(where, f"{word} has changed, which this comparison does not understand", is_breaking=True)


def _is_narrower(word: str, before: Any, after: Any) -> bool:
    if word == "default":  # what is left out means something else
        return before is not None
    if after is None or before is None or word in _EXACT:
        return after is not None
    return bool(after < before if word in _MOST else after > before)
