"""The HTTP contract as OpenAPI 3.1, written from what the endpoints say of themselves. `pages` serves and reads it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from chalicelib.web.endpoint import Endpoint
from chalicelib.web.openapi.operation import Operations
from chalicelib.web.openapi.preamble import ABOUT, FAULT, HEADERS, PROBLEM, SECURITY, Document

VERSION = "1.0"
_LICENSE = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}


def document(endpoints: Iterable[Endpoint], *, groups: Mapping[str, str], server_url: str) -> Document:
    """`groups` are tags with what they are about. Preflights are the browser's business and not in it."""
    shown = [endpoint for endpoint in endpoints if endpoint.method != "OPTIONS"]
    operations = Operations(shown)
    paths: dict[str, Document] = {}
    for endpoint in shown:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operations.of(endpoint)
    used = {endpoint.tag for endpoint in shown}
    return {
        "openapi": "3.1.0",
        "info": {"title": "PushSaaS API", "version": VERSION, "description": ABOUT, "license": _LICENSE},
        "servers": [{"url": server_url}],
        "tags": [{"name": tag, "description": about} for tag, about in groups.items() if tag in used],
        "paths": paths,
        "components": {
            "schemas": {"Problem": PROBLEM, "Fault": FAULT, **operations.schemas},
            "securitySchemes": dict(SECURITY),
            "headers": _promised([paths, operations.failures]),
            "responses": operations.failures,
            "examples": operations.examples,
        },
    }


def _promised(answers: object) -> Document:
    """Only the headers that some answer has."""
    spelled = json.dumps(answers)
    return {name: header for name, header in HEADERS.items() if f'"#/components/headers/{name}"' in spelled}
