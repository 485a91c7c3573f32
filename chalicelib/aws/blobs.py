"""The bucket of private blobs: small ones put whole, large ones in parts, and links that open one for a few minutes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.clients import client
from chalicelib.config import settings
from chalicelib.core.errors import Unavailable

_GONE = frozenset({"NoSuchUpload", "InvalidPart", "InvalidPartOrder"})


class UploadGone(Exception):
    """It was finished, given up, or another worker has put other parts: whoever has it in hand begins anew."""


def put(key: str, body: bytes, *, kind: str) -> None:
    _call("put_object", Key=key, Body=body, ContentType=kind)


def keys(prefix: str, *, after: str = "") -> Iterator[str]:
    """In their order."""
    last = {"StartAfter": after} if after else {}
    while True:
        answer = _call("list_objects_v2", Prefix=prefix, **last)
        found = [str(each["Key"]) for each in answer.get("Contents", [])]
        yield from found
        if not answer.get("IsTruncated"):
            return
        last = {"StartAfter": found[-1]}


def remove(prefix: str) -> int:
    """With all their versions. Returns how many of those there were."""
    removed = 0
    last: dict[str, str] = {}
    while True:
        answer = _call("list_object_versions", Prefix=prefix, **last)
        found = [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]
        for each in found:
            _call("delete_object", Key=each["Key"], VersionId=each["VersionId"])
        removed += len(found)
        if not answer.get("IsTruncated"):
            return removed
        last = {"KeyMarker": answer["NextKeyMarker"], "VersionIdMarker": answer["NextVersionIdMarker"]}


def begin(key: str, *, kind: str) -> str:
    return str(_call("create_multipart_upload", Key=key, ContentType=kind)["UploadId"])


def add(key: str, *, upload: str, number: int, body: bytes) -> str:
    """All parts but the last have at least 5 MiB. The same number again replaces what it was."""
    return str(_call("upload_part", Key=key, UploadId=upload, PartNumber=number, Body=body)["ETag"])


def finish(key: str, *, upload: str, parts: Sequence[str]) -> None:
    told = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(parts, 1)]
    _call("complete_multipart_upload", Key=key, UploadId=upload, MultipartUpload={"Parts": told})


def link(key: str, *, seconds: int, file_name: str) -> str:
    """Whoever has it may read, without credentials: it is one."""
    wanted = {
        "Bucket": settings().blobs_bucket,
        "Key": key,
        "ResponseContentDisposition": f'attachment; filename="{file_name}"',
    }
    try:
        return str(client("s3").generate_presigned_url("get_object", Params=wanted, ExpiresIn=seconds))
    except BotoCoreError as error:
        raise Unavailable from error


def _call(operation: str, **request: Any) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = getattr(client("s3"), operation)(Bucket=settings().blobs_bucket, **request)
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            raise UploadGone from error
        raise Unavailable from error
    except BotoCoreError as error:
        raise Unavailable from error
    return answer
