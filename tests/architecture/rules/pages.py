"""What must be written down in docs/ once a page for it exists."""

from __future__ import annotations

from pathlib import Path


def unmapped_slices(root: Path) -> list[str]:
    """Slices that docs/architecture.md does not name; a new one needs one line there."""
    page = root / "docs" / "architecture.md"
    if not page.exists():
        return []
    text = page.read_text()
    slices = sorted(path.parent.name for path in (root / "chalicelib" / "features").glob("*/__init__.py"))
    return [f"docs/architecture.md:1: `{name}` has no line" for name in slices if f"`{name}`" not in text]
