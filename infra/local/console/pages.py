"""The console's files, and the policy they are shown under: everything from here, nothing inline, nothing from afar."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from infra.local.console.exchange import Answer, answer_file

_STATIC = Path(__file__).parent / "static"
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def pages() -> Mapping[str, Path]:
    """By address. Listed once, so no address leads out of the folder."""
    files = {f"/local/{path.relative_to(_STATIC).as_posix()}": path for path in _STATIC.rglob("*.*")}
    return {"/": files.pop("/local/index.html"), "/local/doctor": files.pop("/local/doctor.html"), **files}


def show(path: Path) -> Answer:
    return answer_file(path.read_bytes(), media_type=_MEDIA_TYPES[path.suffix], policy=POLICY)
