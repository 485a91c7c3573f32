"""The project's own files, as the rules read them. Every rule takes a root, so that it can be tried on a planted breach.

A rule returns what it found as sentences that start with `path:line:`; an empty list is a kept rule.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
OURS = ("app.py", "chalicelib", "infra", "tests", "bench")
PRODUCT = ("app.py", "chalicelib")
_GENERATED = frozenset(
    {".git", ".venv", ".local", ".mypy_cache", ".ruff_cache", ".import_linter_cache", ".hypothesis", ".pytest_cache"}
    | {"__pycache__", "node_modules", "build", "dist", "htmlcov", "deployments", "deployed"}
)
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


@dataclass(frozen=True)
class Source:
    name: str  # relative to the root, with slashes
    text: str

    @property
    def tree(self) -> ast.Module:
        return _parse(self.text)

    @property
    def statements(self) -> tuple[ast.stmt, ...]:
        return _statements(self.text)

    @property
    def module(self) -> str:
        return self.name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def at(self, node: ast.stmt | ast.expr | int, words: str) -> str:
        return f"{self.name}:{node if isinstance(node, int) else node.lineno}: {words}"


@lru_cache(maxsize=4096)
def _parse(text: str) -> ast.Module:
    return ast.parse(text)


@lru_cache(maxsize=4096)
def _statements(text: str) -> tuple[ast.stmt, ...]:
    """Every statement, however deep. Expressions hold none, and leaving them out is what makes this fast."""
    found: list[ast.stmt] = []
    waiting: list[ast.AST] = [_parse(text)]
    while waiting:
        node = waiting.pop(0)
        inner = [child for name in _BLOCKS for child in getattr(node, name, ())]
        found += [child for child in inner if isinstance(child, ast.stmt)]
        waiting += inner
    return tuple(found)


def sources(root: Path, *places: str) -> Iterator[Source]:
    """Python files under these places, in order."""
    for path in files(root, *(places or OURS), suffixes=frozenset({".py"})):
        yield Source(path.relative_to(root).as_posix(), path.read_text())


def files(root: Path, *places: str, suffixes: frozenset[str]) -> Iterator[Path]:
    for place in places or (".",):
        start = root / place
        if start.is_file():
            yield start
        for folder, folders, names in os.walk(start):
            folders[:] = sorted(set(folders) - _GENERATED)
            yield from (path for name in sorted(names) if (path := Path(folder, name)).suffix in suffixes)


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported, wherever in the file; `from a import b` gives `a.b`."""
    for node in source.statements:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
