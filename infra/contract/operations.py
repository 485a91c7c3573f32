"""Two versions of the contract compared, operation by operation. `compare` is all that others call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.contract.change import Change, gone_and_new, listed
from infra.contract.schemas import SchemaComparison, Way

Document = Mapping[str, Any]
Credentials = set[frozenset[tuple[str, tuple[str, ...]]]]


def compare(before: Document, after: Document) -> list[Change]:
    """What has changed for clients, breaking changes first, each named once."""
    found = set(_Comparison(before, after).changes())
    return sorted(found, key=lambda change: (not change.is_breaking, change))


class _Comparison:
    def __init__(self, before: Document, after: Document) -> None:
        self._before = before["components"]
        self._after = after["components"]
        self._olds = _operations(before)
        self._news = _operations(after)
        self._schemas = SchemaComparison(self._before["schemas"], self._after["schemas"])

    def changes(self) -> Iterator[Change]:
        yield from gone_and_new(self._olds, self._news)
        for name in self._olds.keys() & self._news.keys():
            yield from self._of_operation(self._olds[name], self._news[name], name)
        yield from _of_schemes(self._before["securitySchemes"], self._after["securitySchemes"])
        known, kept = _codes(self._olds, self._before), _codes(self._news, self._after)
        yield from gone_and_new(known, kept, "the code ")  # renamed or dropped, and somebody acts upon it

    def _of_operation(self, old: Document, new: Document, where: str) -> Iterator[Change]:
        if old["operationId"] != new["operationId"]:  # what clients that are generated call it
            yield Change(where, f"is called {new['operationId']}, was {old['operationId']}", is_breaking=True)
        yield from _of_callers(old, new, where)
        yield from self._of_inputs(_inputs(old), _inputs(new), f"{where} ")
        yield from self._of_answers(old["responses"], new["responses"], f"{where} ")

    def _of_inputs(self, olds: Document, news: Document, where: str) -> Iterator[Change]:
        needed = {name for name, each in news.items() if each.get("required")}
        yield from gone_and_new(olds, news, where, new_breaks=needed.__contains__)
        for name in olds.keys() & news.keys():
            was, now = bool(olds[name].get("required")), name in needed
            if was != now:
                yield Change(where + name, "must be there now" if now else "may be missing now", is_breaking=now)
            yield from self._of_contents(olds[name], news[name], where + name, Way.ASKED)

    def _of_answers(self, olds: Document, news: Document, where: str) -> Iterator[Change]:
        """A failure more is no break: clients have to expect any."""
        yield from gone_and_new(olds, news, where, gone_breaks=_is_success, new_breaks=_is_success)
        for status in olds.keys() & news.keys():
            old, new = _behind(olds[status], self._before), _behind(news[status], self._after)
            yield from self._of_headers(old.get("headers", {}), new.get("headers", {}), f"{where}{status} ")
            yield from self._of_contents(old, new, where + status, Way.TOLD)

    def _of_headers(self, olds: Document, news: Document, where: str) -> Iterator[Change]:
        yield from gone_and_new(olds, news, where)
        for name in olds.keys() & news.keys():
            old, new = _behind(olds[name], self._before), _behind(news[name], self._after)
            if old.get("required") and not new.get("required"):
                yield Change(name, "may be missing now", is_breaking=True)
            yield from self._of_contents(old, new, name, Way.TOLD)

    def _of_contents(self, old: Document, new: Document, where: str, way: Way) -> Iterator[Change]:
        """A parameter or header has one schema, a body or answer one for each media type."""
        olds, news = old.get("content", {}), new.get("content", {})
        yield from gone_and_new(olds, news, f"{where} ")
        pairs = [(olds[kind], news[kind]) for kind in olds.keys() & news.keys()]
        pairs += [(old, new)] if "schema" in old and "schema" in new else []
        for one, other in pairs:
            yield from self._schemas.compare(one["schema"], other["schema"], where=where, way=way)


def _operations(document: Document) -> dict[str, Document]:
    paths = document["paths"].items()
    return {f"{method.upper()} {path}": operation for path, methods in paths for method, operation in methods.items()}


def _inputs(operation: Document) -> dict[str, Document]:
    named = {f"{each['name']} ({each['in']})": each for each in operation.get("parameters", ())}
    return named | ({"body": operation["requestBody"]} if "requestBody" in operation else {})


def _is_success(status: str) -> bool:
    return status < "4"


def _behind(thing: Document, components: Document) -> Document:
    if "$ref" not in thing:
        return thing
    _, _, kind, name = thing["$ref"].split("/")
    found: Document = components[kind][name]
    return found


def _of_callers(old: Document, new: Document, where: str) -> Iterator[Change]:
    """Credentials that were enough must still be."""
    before, after = _credentials(old), _credentials(new)
    if (old.get("x-who"), before) != (new.get("x-who"), after):
        is_breaking = old.get("x-who") != new.get("x-who") or not (before <= after or frozenset() in after)
        words = f"is for {new.get('x-who')} with {_spelled(after)}, was for {old.get('x-who')} with {_spelled(before)}"
        yield Change(where, words, is_breaking)


def _credentials(operation: Document) -> Credentials:
    choices = operation.get("security") or [{}]
    return {frozenset((name, tuple(scopes)) for name, scopes in choice.items()) for choice in choices}


def _spelled(credentials: Credentials) -> str:
    choices = [" and ".join(" ".join([name, *scopes]) for name, scopes in sorted(choice)) for choice in credentials]
    return " or ".join(sorted(choice or "nothing" for choice in choices))


def _of_schemes(olds: Document, news: Document) -> Iterator[Change]:
    for name in olds.keys() & news.keys():
        was, now = (listed(_how(scheme)) for scheme in (olds[name], news[name]))
        if was != now:
            yield Change(name, f"is {now}, was {was}", is_breaking=True)


def _how(scheme: Document) -> list[str]:
    return [scheme[word] for word in ("type", "scheme", "in", "name") if word in scheme]


def _codes(operations: Mapping[str, Document], components: Document) -> dict[str, None]:
    answers = [answer for operation in operations.values() for answer in operation["responses"].values()]
    return dict.fromkeys(code for answer in answers for code in _behind(answer, components).get("x-codes", ()))
