"""The browser SDK as `make sdk` leaves it, and how it is served: by the CDN, and by the local product in its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DIST = Path(__file__).parents[1] / "web" / "sdk" / "dist"
PREFIX = "sdk/v1/"
_HASHED = re.compile(r"\.[0-9a-f]{8}\.js")
_MEDIA_TYPES = {".js": "text/javascript; charset=utf-8", ".json": "application/json"}


@dataclass(frozen=True)
class SdkFile:
    path: Path

    @property
    def is_hashed(self) -> bool:
        return _HASHED.search(self.path.name) is not None

    @property
    def media_type(self) -> str:
        return _MEDIA_TYPES[self.path.suffix]

    @property
    def cache_control(self) -> str:
        return "public, max-age=31536000, immutable" if self.is_hashed else "public, max-age=3600"


def built(folder: Path = DIST) -> list[SdkFile]:
    """Hashed files first: what names them must not be anywhere before them. Empty where nothing was built."""
    files = [SdkFile(path) for path in folder.glob("*") if path.suffix in _MEDIA_TYPES]
    return sorted(files, key=lambda file: (not file.is_hashed, file.path))
