"""The published contract against the routes: OpenAPI says neither more nor less than the app answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chalicelib.web.endpoint import Endpoint

_METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options"})


def disagreements(document: Mapping[str, Any], endpoints: Iterable[Endpoint]) -> Iterator[str]:
    said = {
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method in operations
        if method in _METHODS
    }
    done = {(endpoint.method, endpoint.path) for endpoint in endpoints if endpoint.method != "OPTIONS"}
    yield from (f"{method} {path} is promised but not answered" for method, path in sorted(said - done))
    yield from (f"{method} {path} is answered but not in the contract" for method, path in sorted(done - said))


def dangling_references(document: Mapping[str, Any]) -> Iterator[str]:
    for reference in sorted(set(re.findall(r"'\$ref': '([^']+)'", repr(document)))):
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            target = target.get(part) if isinstance(target, Mapping) else None
        if target is None:
            yield f"{reference} points at nothing"
