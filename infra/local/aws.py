"""AWS inside this process: moto, patched, filled from the template that production deploys. For `make run` and tests.

`environment()` is what the product must find in its environment before it is imported; the entry point sets it once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from infra.local import moto_imports, moto_patch
from infra.packaging.conditions import Conditions

PREFIX = "pushsaas-local"
REGION = "eu-central-1"
ACCOUNT = "123456789012"
TEMPLATE = Path(__file__).parents[1] / "resources.yaml"

_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": REGION}
_KEEP_OUT = {
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def environment(
    *,
    prefix: str = PREFIX,
    stage: str = "local",
    public_url: str = "http://127.0.0.1:8000",
    mail_from: str = "push@example.com",
) -> dict[str, str]:
    product = {
        "STAGE": stage,
        "PREFIX": prefix,
        "PUBLIC_URL": public_url,
        "KMS_KEY": f"alias/{prefix}",
        "BLOBS_BUCKET": f"{prefix}-blobs-{ACCOUNT}",
        "MAIL_FROM": mail_from,
        "COUNTRY_HEADER": "CloudFront-Viewer-Country",
        "SECRET_JWT": f"/{prefix}/jwt",
        "SECRET_PEPPER": f"/{prefix}/pepper",
        "SECRET_INSTALLATION": f"/{prefix}/installation",
        "SECRET_OAUTH_GOOGLE": f"/{prefix}/oauth-google",
        "SECRET_OAUTH_MICROSOFT": f"/{prefix}/oauth-microsoft",
    }
    return _CREDENTIALS | _KEEP_OUT | product


@contextmanager
def running() -> Iterator[None]:
    """From here on boto3 in this process talks to an empty AWS of its own; afterwards it is gone."""
    moto_patch.apply()
    moto_imports.import_cloudformation()
    aws = mock_aws(config={"core": {"mock_credentials": False, "reset_boto3_session": False}})
    aws.start()
    try:
        yield
    finally:
        moto_patch.follow(None)
        aws.stop()


@contextmanager
def serving(*, port: int = 0) -> Iterator[str]:
    """The same AWS over HTTP on loopback, for browsers and other processes; yields its URL."""
    server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    server.start()
    host, bound_port = server.get_host_and_port()
    try:
        yield f"http://{host}:{bound_port}"
    finally:
        server.stop()


def client(service: str) -> Any:
    """With credentials of its own, so that it works whatever the environment holds."""
    return boto3.client(
        service,
        region_name=REGION,
        aws_access_key_id=_CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(account_id_endpoint_mode="disabled"),  # moto knows DynamoDB's streams by their older host only
    )


def create_resources(
    prefix: str = PREFIX,
    *,
    secrets: Mapping[str, str] | None = None,
    mail_from: str = "push@example.com",
    parameters: Mapping[str, str] | None = None,
) -> list[str]:
    """Everything in `infra/resources.yaml`, and what moto forgets of it. What already stands (from a snapshot) stays.

    Returns the logical ids that have changed in the template since they were made, and stay as they were.
    """
    chosen = {"Prefix": prefix, **(parameters or {})}
    template = _deployable(yaml.load(TEMPLATE.read_text(), Loader=yaml.CSafeLoader), chosen)
    outdated = _deploy(prefix, template, chosen)
    for name, resource in _physical(prefix, template):
        _fill_in(name, resource["Type"], resource["Properties"])
    client("ses").verify_email_identity(EmailAddress=mail_from)
    for name, value in (secrets or {}).items():
        _put_secret(name, value, key=f"alias/{prefix}")
    return outdated


def _deployable(template: dict[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """Without alarms and policies, which moto does not know and would warn of, and without what stands only under other
    conditions, which it would list as nothing.
    """
    from moto.cloudformation.parsing import get_model_map

    known = get_model_map()
    standing = Conditions(template, parameters).standing()
    resources = {name: resource for name, resource in standing.items() if resource["Type"] in known}
    return template | {"Resources": resources}


def _deploy(prefix: str, template: dict[str, Any], parameters: Mapping[str, str]) -> list[str]:
    cloudformation = client("cloudformation")
    arguments = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    try:
        standing = cloudformation.get_template(StackName=prefix)["TemplateBody"]["Resources"]
    except ClientError:
        cloudformation.create_stack(StackName=prefix, TemplateBody=json.dumps(template), Parameters=arguments)
        return []
    wanted = template["Resources"]
    if wanted.keys() - standing.keys():
        body = json.dumps(template | {"Resources": wanted | standing})  # moto cannot change a table, only add one
        cloudformation.update_stack(StackName=prefix, TemplateBody=body, Parameters=arguments)
    return sorted(name for name in standing if standing[name] != wanted.get(name))


def _physical(prefix: str, template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for made in client("cloudformation").describe_stack_resources(StackName=prefix)["StackResources"]:
        if resource := template["Resources"].get(made["LogicalResourceId"]):
            yield made["PhysicalResourceId"], resource


def _fill_in(name: str, kind: str, properties: dict[str, Any]) -> None:
    if kind == "AWS::DynamoDB::Table":
        dynamodb = client("dynamodb")
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=properties["TimeToLiveSpecification"])
        recovery = properties["PointInTimeRecoverySpecification"]
        dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)
    elif kind == "AWS::S3::Bucket":
        s3 = client("s3")
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=properties["VersioningConfiguration"])
        block = properties["PublicAccessBlockConfiguration"]
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)


def _put_secret(name: str, value: str, *, key: str) -> None:
    ssm = client("ssm")
    try:
        ssm.put_parameter(Name=name, Value=value, Type="SecureString", KeyId=key, Overwrite=False)
    except ssm.exceptions.ParameterAlreadyExists:
        return
