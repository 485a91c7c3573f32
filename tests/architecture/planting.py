"""A small project with breaches planted in it, for the tests that see each rule catch its own."""

from __future__ import annotations

from pathlib import Path


def plant(root: Path, **files: str) -> Path:
    """`plant(tmp_path, **{"chalicelib/core/x.py": "…"})`; returns the root."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root
