"""What no file of ours may hold: promises instead of work, ways around the coverage gate, paths of one machine; and
what every module must: a docstring that opens it.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.architecture.rules.tree import files, sources

_TEXT = frozenset(
    {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".js", ".ts", ".css", ".html", ".sh", ".in", ".txt", ".tmpl", ""}
)
_FORBIDDEN = {  # spelled so that this file may live in the tree it reads
    "a promise instead of work": re.compile(r"\b(TOD[O]|FIXM[E]|XX[X](?=:))\b|[#/] *XX[X]\b"),
    "a way around the coverage gate": re.compile(r"pragma[:] no (cover|branch)"),
    "a path of one machine": re.compile(r"/(?<![A-Za-z0-9_.}~/-]/)(work|farm|root|Users|home/\w+)/"),
}
_MOST_PROSE_LINES = 6
_DRAWN = ("├", "└", "│", "|")  # trees and tables are no prose


def forbidden_texts(root: Path) -> list[str]:
    found = []
    for path in files(root, suffixes=_TEXT):
        name, text = path.relative_to(root).as_posix(), _text(path)
        for what, shape in _FORBIDDEN.items():
            if shape.search(text):  # almost never: line by line would be slow
                lines = enumerate(text.splitlines(), 1)
                found += [f"{name}:{number}: {what}" for number, line in lines if shape.search(line)]
    return found


def closed_modules(root: Path) -> list[str]:
    """Modules that do not open with what they are for. A test file's name and sentences, and where it stands, say it."""
    return [
        source.at(1, "the module opens with no docstring")
        for source in sources(root)
        if source.text.strip()
        and not Path(source.name).name.startswith(("test_", "conftest"))
        and ast.get_docstring(source.tree) is None
    ]


def wordy_modules(root: Path) -> list[str]:
    found = []
    for source in sources(root, "app.py", "chalicelib"):
        lines = (ast.get_docstring(source.tree) or "").splitlines()
        prose = [line for line in lines if line.strip() and not line.startswith(_DRAWN)]
        if len(prose) > _MOST_PROSE_LINES:
            found.append(source.at(1, f"the opening docstring has {len(prose)} lines of prose; three are enough"))
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""
