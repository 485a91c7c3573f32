"""What is deleted for good, when a teardown was told twice. What is gone already is no error."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from tempfile import NamedTemporaryFile
from typing import Any

from infra.deploy.credentials import secret_names
from infra.deploy.ground import Ground
from infra.deploy.halt import Halt

_KEY_DAYS = 30  # the longest AWS grants for a change of mind
_AT_ONCE = 200  # of everything listed, delete markers too; S3 deletes 1,000 at once
_NO_BUCKET = frozenset({"NoSuchBucket", "404"})


def delete_kept(ground: Ground, kept: Mapping[str, Sequence[str]]) -> None:
    for name, (kind, physical_id) in sorted(kept.items()):
        _DELETES[kind](ground, physical_id)
        ground.terminal.say(f"deleted {name}  {physical_id}")


def delete_secrets(ground: Ground) -> None:
    ground.aws.call("ssm", "delete-parameters", names=sorted(secret_names(ground)))


def delete_bucket(ground: Ground, bucket: str) -> None:
    empty(ground, bucket)
    ground.aws.find("s3api", "delete-bucket", bucket=bucket, absent=_NO_BUCKET)


def empty(ground: Ground, bucket: str) -> None:
    """Every version of everything."""
    while found := _some_versions(ground, bucket):
        if errors := _delete_versions(ground, bucket, found).get("Errors"):
            raise Halt(f"{bucket}: {errors[0]['Key']} cannot be deleted: {errors[0]['Code']}")


def _some_versions(ground: Ground, bucket: str) -> list[dict[str, str]]:
    """One page as S3 makes it: the CLI's own `--max-items` counts versions, and lets any number of markers by."""
    page = {"max_keys": _AT_ONCE, "no_paginate": True}
    listed = ground.aws.find("s3api", "list-object-versions", bucket=bucket, absent=_NO_BUCKET, **page)
    versions = [each for kind in ("Versions", "DeleteMarkers") for each in (listed or {}).get(kind) or []]
    return [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in versions]


def _delete_versions(ground: Ground, bucket: str, found: Sequence[Mapping[str, str]]) -> Any:
    """Their names go by a file: 200 long ones are more than a command line holds."""
    with NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"Objects": found, "Quiet": True}, file)
        file.flush()
        return ground.aws.call("s3api", "delete-objects", bucket=bucket, delete=f"file://{file.name}")


def _delete_table(ground: Ground, name: str) -> None:
    ground.aws.find("dynamodb", "delete-table", table_name=name, absent={"ResourceNotFoundException"})


def _delete_key(ground: Ground, key_id: str) -> None:
    gone = {"NotFoundException", "KMSInvalidStateException"}
    ground.aws.find("kms", "schedule-key-deletion", key_id=key_id, pending_window_in_days=_KEY_DAYS, absent=gone)


_DELETES: Mapping[str, Callable[[Ground, str], None]] = {
    "AWS::DynamoDB::Table": _delete_table,
    "AWS::KMS::Key": _delete_key,
    "AWS::S3::Bucket": delete_bucket,
}
