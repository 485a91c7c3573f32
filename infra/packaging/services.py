"""Which AWS services the product talks to, read from its code. botocore describes hundreds; the layer brings these."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from infra.packaging.refusal import Refused

_CLIENTS = "clients.py"  # makes them by the names that others give
_OF_LIBRARIES = {"pynamodb": "dynamodb"}


def services_of(product: Path) -> frozenset[str]:
    return frozenset(service for path in sorted(product.rglob("*.py")) for service in _in_file(path))


def _in_file(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (name for library, name in _OF_LIBRARIES.items() if node.module.split(".")[0] == library)
        elif isinstance(node, ast.Call) and _makes_client(node) and path.name != _CLIENTS:
            yield _named(node, path)


def _makes_client(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in {"client", "create_client", "resource"}


def _named(call: ast.Call, path: Path) -> str:
    match call.args:
        case [ast.Constant(value=str(service)), *_]:
            return service
    raise Refused(f"{path.name}:{call.lineno}: name the AWS service literally, or its description will not be packed")
