"""The bucket that deploys are made from: archives, the template of every release, and the installation's own notes.

It belongs to no stack: it is there before the first one, and its notes outlive the last.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from infra.deploy.aws_cli import Parameter
from infra.deploy.ground import Ground
from infra.deploy.halt import Halt
from infra.deploy.package import Package

_GONE = frozenset({"404", "NoSuchKey", "NoSuchBucket"})
_WITHOUT_CONSTRAINT = "us-east-1"  # S3 takes its name for an error
_PRIVATE = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
_SSE = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}


@dataclass(frozen=True)
class Artifacts:
    ground: Ground

    @property
    def bucket(self) -> str:
        return self.ground.artifact_bucket

    def exist(self) -> bool:
        """Halts when they are in another region: this installation lives there."""
        owner, region = self.ground.account, self.ground.region
        found = self.ground.aws.find(
            "s3api", "head-bucket", bucket=self.bucket, expected_bucket_owner=owner, absent=_GONE
        )
        if found and found.get("BucketRegion", region) != region:
            there = found["BucketRegion"]
            reason = f"{self.ground.prefix} lives in {there}; this would deploy it to {region}."
            raise Halt(reason, then=f"Say REGION={there}, or choose another prefix for a second installation.")
        return found is not None

    def make_ready(self) -> None:
        """Also after a deploy that was cut short between making the bucket and closing it."""
        if not self.exist():
            region = self.ground.region
            place = None if region == _WITHOUT_CONSTRAINT else {"LocationConstraint": region}
            self._call("create-bucket", create_bucket_configuration=place)
        self._call("put-public-access-block", public_access_block_configuration=_PRIVATE)
        self._call("put-bucket-versioning", versioning_configuration={"Status": "Enabled"})
        self._call("put-bucket-encryption", server_side_encryption_configuration=_SSE)
        self._call("put-bucket-policy", policy=_only_over_tls(self.bucket))

    def publish(self, package: Package) -> str:
        """Returns the template's URL. The template goes last: where it stands, its archives stand."""
        for archive in package.archives:
            self._put_once(archive.name, archive)
        self._put_once(_template_key(package.release), package.template_path)
        return self.template_url(package.release)

    def template_url(self, release: str) -> str:
        return self.url(_template_key(release))

    def url(self, key: str) -> str:
        return f"https://{self.bucket}.s3.{self.ground.region}.amazonaws.com/{key}"

    def template(self, release: str) -> Any:
        found = self.read(_template_key(release))
        if found is None:
            raise Halt(
                f"The template of release {release} is gone from {self.bucket}.", then="Deploy its commit instead."
            )
        return found

    def read(self, key: str) -> Any:
        """None when there is no such note."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "note"
            found = self.ground.aws.find("s3api", "get-object", path, bucket=self.bucket, key=key, absent=_GONE)
            return None if found is None else json.loads(path.read_text())

    def write(self, key: str, note: Any) -> None:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "note"
            path.write_text(json.dumps(note, indent=1))
            self._call("put-object", key=key, body=path, content_type="application/json")

    def remove(self, key: str) -> None:
        self._call("delete-object", key=key)

    def _put_once(self, key: str, path: Path) -> None:
        if self.ground.aws.find("s3api", "head-object", bucket=self.bucket, key=key, absent=_GONE) is None:
            self.ground.terminal.say(f"uploading {key} ({path.stat().st_size / 1e6:.1f} MB)")
            self._call("put-object", key=key, body=path)

    def _call(self, operation: str, **flags: Parameter) -> Any:
        return self.ground.aws.call("s3api", operation, bucket=self.bucket, **flags)


def _template_key(release: str) -> str:
    return f"releases/{release}/template.json"


def _only_over_tls(bucket: str) -> dict[str, Any]:
    statement = {
        "Sid": "OnlyOverTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
