"""The browser SDK's files, into the bucket that the stack serves them from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from infra.deploy.ground import Ground
from infra.sdk import PREFIX, built


def upload_sdk(ground: Ground, outputs: Mapping[str, str], *, folder: Path) -> None:
    files = built(folder)
    for file in files:
        ground.aws.call(
            "s3api",
            "put-object",
            bucket=outputs["SdkBucketName"],
            key=f"{PREFIX}{file.path.name}",
            body=file.path,
            content_type=file.media_type,
            cache_control=file.cache_control,
        )
    ground.terminal.say(f"uploaded {len(files)} files of the SDK")
