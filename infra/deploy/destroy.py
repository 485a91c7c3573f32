"""What is deleted for good, when a teardown was told twice. What is gone already is no error."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from infra.deploy.credentials import secret_names
from infra.deploy.ground import Ground
from infra.deploy.halt import Halt

_KEY_DAYS = 30  # the longest AWS grants for a change of mind
_AT_ONCE = 200  # their names stand on a command line
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
        delete = {"Objects": found, "Quiet": True}
        if errors := ground.aws.call("s3api", "delete-objects", bucket=bucket, delete=delete).get("Errors"):
            raise Halt(f"{bucket}: {errors[0]['Key']} cannot be deleted: {errors[0]['Code']}")


def _some_versions(ground: Ground, bucket: str) -> list[dict[str, str]]:
    listed = ground.aws.find("s3api", "list-object-versions", bucket=bucket, max_items=_AT_ONCE, absent=_NO_BUCKET)
    versions = [each for kind in ("Versions", "DeleteMarkers") for each in (listed or {}).get(kind) or []]
    return [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in versions]


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
