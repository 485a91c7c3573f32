"""The browser SDK's files, once there are any: into the bucket that the stack serves them from."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping
from pathlib import Path

from infra.deploy.ground import Ground
from infra.package import ROOT

SDK = ROOT / "web" / "sdk" / "dist"
_HASHED = re.compile(r"[.-][0-9a-f]{8,}\.")
_FOR_EVER = "public, max-age=31536000, immutable"
_AN_HOUR = "public, max-age=3600"


def upload_sdk(ground: Ground, outputs: Mapping[str, str], *, folder: Path = SDK) -> None:
    """Hashed files first: what names them must not be there before them."""
    files = sorted(
        (path for path in folder.rglob("*") if path.is_file()), key=lambda path: (not _is_hashed(path), path)
    )
    for path in files:
        ground.aws.call(
            "s3api",
            "put-object",
            bucket=outputs["SdkBucketName"],
            key=f"sdk/v1/{path.relative_to(folder).as_posix()}",
            body=path,
            content_type=mimetypes.guess_type(path.name)[0] or "application/octet-stream",
            cache_control=_FOR_EVER if _is_hashed(path) else _AN_HOUR,
        )
    if files:
        ground.terminal.say(f"uploaded {len(files)} files of the SDK")


def _is_hashed(path: Path) -> bool:
    return _HASHED.search(path.name) is not None
