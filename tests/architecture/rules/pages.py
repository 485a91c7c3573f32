"""What must be written down in docs/ once a page for it exists, and that pages lead only to what is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.rules.tree import files

_PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/*.md")
_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
_PATH = re.compile(r"`((?:[\w.*-]+/)+(?:[\w.*-]+)?)`")  # `/v1/…` is a route, `a/<b>` a pattern
_FILE = re.compile(r"`([\w.*-]+\.(?:py|md|toml|ya?ml|txt|in|json|css|js|html))`")
_STARTS = ("", "chalicelib", "tests")  # pages say `web/api.py` where everybody knows which
_MADE_LATER = (".venv/", ".local/")


def unmapped_slices(root: Path) -> list[str]:
    """Slices that docs/architecture.md does not name; a new one needs one line there."""
    page = root / "docs" / "architecture.md"
    if not page.exists():
        return []
    text = page.read_text()
    slices = sorted(path.parent.name for path in (root / "chalicelib" / "features").glob("*/__init__.py"))
    return [f"docs/architecture.md:1: `{name}` has no line" for name in slices if f"`{name}`" not in text]


def dead_paths(root: Path) -> list[str]:
    """Links, and paths in backticks, that lead to nothing. A bare file name must be the name of some file of ours."""
    names = {path.name for path in files(root, suffixes=frozenset({".py", ".md", ".toml", ".yaml", ".txt", ".json"}))}
    return [
        f"{page.relative_to(root).as_posix()}:{number}: {dead} is not there"
        for pattern in _PAGES
        for page in sorted(root.glob(pattern))
        for number, line in enumerate(page.read_text().splitlines(), 1)
        for dead in _dead(line, root, page.parent, names)
    ]


def _dead(line: str, root: Path, here: Path, names: set[str]) -> Iterator[str]:
    for link in _LINK.findall(line):
        if "://" not in link and not link.startswith("mailto:") and not (here / link).exists():
            yield link
    for path in _PATH.findall(line):
        if _is_ours(path, root) and not any(any((root / start).glob(path)) for start in _STARTS):
            yield path
    for name in _FILE.findall(line):
        if name not in names and not any(root.glob(name)):
            yield name


def _is_ours(path: str, root: Path) -> bool:
    """`application/json` and `Europe/Paris` are no paths."""
    first, _, _ = path.partition("/")
    begins_in_a_folder = any((root / start / first).is_dir() for start in _STARTS)
    return not path.startswith(_MADE_LATER) and (begins_in_a_folder or path.endswith("/") or "." in Path(path).name)
