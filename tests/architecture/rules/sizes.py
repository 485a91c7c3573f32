"""Ceilings: a file one can read in a sitting, a function one can see at once, an app on one screen."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.architecture.rules.tree import files, sources

FILE_LINES = 400
FUNCTION_LINES = 50
APP_LINES = 90
_CODE = frozenset({".py", ".js", ".ts", ".tsx", ".css", ".html"})


def tall_files(root: Path) -> list[str]:
    found = []
    for path in files(root, "app.py", "chalicelib", "infra", "tests", "bench", "web", suffixes=_CODE):
        name = path.relative_to(root).as_posix()
        ceiling = APP_LINES if name == "app.py" else FILE_LINES
        lines = len(path.read_text().splitlines())
        if lines > ceiling:
            found.append(f"{name}:{lines}: more than {ceiling} lines")
    return found


def tall_functions(root: Path) -> list[str]:
    return [
        source.at(node, f"{node.name} has {lines} lines, more than {FUNCTION_LINES}")
        for source in sources(root)
        for node in source.statements
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    ]


def filled_packages(root: Path) -> list[str]:
    return [
        source.at(1, "__init__.py stays empty: importing a package must cost nothing and hide nothing")
        for source in sources(root)
        if source.name.endswith("__init__.py") and source.text.strip()
    ]
