"""The project's own files, as the rules read them. Every rule takes a root, so that it can be tried on a planted breach.

A rule returns what it found as sentences that start with `path:line:`; an empty list is a kept rule.
"""

from __future__ import annotations

import ast
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


@dataclass(frozen=True)
class Source:
    name: str  # relative to the root, with slashes
    text: str

    @property
    def tree(self) -> ast.Module:
        return _parse(self.text)

    @property
    def module(self) -> str:
        return self.name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def at(self, node: ast.stmt | ast.expr | int, words: str) -> str:
        return f"{self.name}:{node if isinstance(node, int) else node.lineno}: {words}"


@lru_cache(maxsize=4096)
def _parse(text: str) -> ast.Module:
    return ast.parse(text)


def sources(root: Path, *places: str) -> Iterator[Source]:
    """Python files under these places, in order."""
    for path in files(root, *(places or OURS), suffixes=frozenset({".py"})):
        yield Source(path.relative_to(root).as_posix(), path.read_text())


def files(root: Path, *places: str, suffixes: frozenset[str]) -> Iterator[Path]:
    for place in places or (".",):
        start = root / place
        found = [start] if start.is_file() else sorted(start.rglob("*"))
        for path in found:
            is_ours = not _GENERATED & set(path.relative_to(root).parts)
            if is_ours and path.suffix in suffixes and path.is_file():
                yield path


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported, wherever in the file; `from a import b` gives `a.b`."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
