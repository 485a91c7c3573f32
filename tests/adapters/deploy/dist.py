"""A package as `make package` writes it, but small: a template with one of everything that deploying looks at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from infra.deploy.alarms import WATCHED

_RETAINED = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def write_package(folder: Path, *, code: bytes = b"one", stage: str = "prod", **changed: Any) -> Path:
    """`changed`: resources by logical id, in place of those that are there; None takes one away."""
    archives = {archive_of(code): code, f"layer-{_digest(b'layer')[:16]}.zip": b"layer"}
    body = json.dumps(template(code_key=archive_of(code), **changed), indent=1).encode()
    return write_files(folder, archives, body, stage=stage, commit="c0ffee" + _digest(code)[:34])


def write_files(
    folder: Path, archives: Mapping[str, bytes], template: bytes, *, stage: str, commit: str | None = None
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    files = {**archives, "template.json": template}
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
    manifest = {
        "stage": stage,
        "commit": commit,
        "template": "template.json",
        "archives": list(archives),
        "sha256": {name: _digest(raw) for name, raw in files.items()},
        "unzipped_mb": 0.1,
        "bytecode": False,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def write_sdk(folder: Path) -> Path:
    """What `make sdk` leaves, in one file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pushsaas.js").write_text("1")
    return folder


def archive_of(code: bytes) -> str:
    return f"code-{_digest(code)[:16]}.zip"


def template(*, code_key: str, **changed: Any) -> dict[str, Any]:
    resources = {
        "CoreTable": _named("AWS::DynamoDB::Table", "TableName", "${Prefix}-core") | _RETAINED,
        "BlobsBucket": _named("AWS::S3::Bucket", "BucketName", "${Prefix}-blobs") | _RETAINED,
        "SecretsKey": {"Type": "AWS::KMS::Key", "Condition": "FirstKeyOpens", **_RETAINED},
        "SecondSecretsKey": {"Type": "AWS::KMS::Key", "Condition": "SecondKeyOpens", **_RETAINED},
        "SdkBucket": {"Type": "AWS::S3::Bucket"},
        "ApiAccount": {"Type": "AWS::ApiGateway::Account", **_RETAINED},  # stays, and is nobody's
        "APIHandler": _function(code_key),
        "RestAPI": {"Type": "AWS::Serverless::Api", "Properties": {"AlwaysDeploy": True}},
        **{name: {"Type": "AWS::CloudWatch::Alarm"} for name in WATCHED},
        **changed,
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Parameters": {
            "Prefix": {"Type": "String", "Default": "pushsaas-prod"},
            "ArtifactBucket": {"Type": "String"},
            "PublicUrl": {"Type": "String", "Default": "https://push.example.com"},
            "MailFrom": {"Type": "String", "Default": "PushSaaS <push@push.example.com>"},
            "CoreStream": {"Type": "String", "Default": "off"},
            "TransactionalConcurrency": {"Type": "Number", "Default": 50},
            "SecretsKeys": {"Type": "String", "Default": "first"},
            **{
                name: {"Type": "String", "Default": ""}
                for name in (
                    "AlarmEmail",
                    "DomainName",
                    "CertificateArn",
                    "SdkDomainName",
                    "SdkCertificateArn",
                    "HostedZoneId",
                )
            },
        },
        "Conditions": {
            "FirstKeyOpens": {"Fn::Not": [{"Fn::Equals": [{"Ref": "SecretsKeys"}, "second"]}]},
            "SecondKeyOpens": {"Fn::Not": [{"Fn::Equals": [{"Ref": "SecretsKeys"}, "first"]}]},
        },
        "Resources": {name: resource for name, resource in resources.items() if resource is not None},
        "Outputs": {
            name: {"Value": "…"} for name in ("EndpointURL", "SdkBucketName", "RestAPIId", "DomainTarget", "SdkTarget")
        },
    }


def _function(code_key: str) -> dict[str, Any]:
    code = {"Bucket": {"Ref": "ArtifactBucket"}, "Key": code_key}
    environment = {"Variables": {"PUBLIC_URL": {"Ref": "PublicUrl"}, "MAIL_FROM": {"Ref": "MailFrom"}}}
    domain = {
        "Domain": {"Ref": "DomainName"},
        "Certificate": {"Ref": "CertificateArn"},
        "Zone": {"Ref": "HostedZoneId"},
    }
    return {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": code, "Environment": environment, **domain}}


def _named(kind: str, member: str, name: str) -> dict[str, Any]:
    return {"Type": kind, "Properties": {member: {"Fn::Sub": name}}}


def _digest(raw: bytes) -> str:
    return sha256(raw).hexdigest()
