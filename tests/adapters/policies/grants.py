"""The policies of `infra/policies/`, with their intrinsics resolved for the local installation, as IAM would read them.

Only what our policies use is understood: `Allow`, exact actions and resources, and two operators of conditions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from chalicelib.config import settings
from infra.local import aws
from infra.packaging.conditions import Conditions
from infra.packaging.naming import snake
from tests.adapters.policies.needs import Need, arn

POLICIES = aws.TEMPLATE.with_name("policies")
_NOTHING = {"Ref": "AWS::NoValue"}
_MEMBERS = {"Sid", "Effect", "Action", "Resource", "Condition"}


@dataclass(frozen=True, order=True)
class Grant:
    """One action on one resource; IAM grants it as long as every condition holds."""

    function: str
    sid: str
    action: str
    resource: str
    conditions: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def covers(self, need: Need) -> bool:
        return (self.action, self.resource) == (need.action, need.resource) and self._holds(dict(need.context))

    def __str__(self) -> str:
        return f"{self.function}: {self.sid} grants {self.action} on {self.resource.split(':', 5)[-1]}"

    def _holds(self, context: Mapping[str, str]) -> bool:
        return all(
            _OPERATORS[operator](context.get(key), wanted)
            for operator, tests in self.conditions.items()
            for key, wanted in tests.items()
        )


def _string_equals(value: str | None, wanted: object) -> bool:
    return wanted == value or (isinstance(wanted, list) and value in wanted)


def _null(value: str | None, wanted: object) -> bool:
    return (value is None) is (wanted == "true")


_OPERATORS = {"StringEquals": _string_equals, "Null": _null}


def granted(function: str, *, folder: Path = POLICIES, keys: str = "first") -> list[Grant]:
    """`keys`: how far the installation's key is replaced."""
    statements = yaml.safe_load((folder / f"{function}.yaml").read_text())
    own = [grant for statement in statements for grant in _grants(function, statement, keys)]
    return own + list(_of_buckets(function))


def _of_buckets(function: str) -> Iterator[Grant]:
    """What a bucket's own policy allows this function's role: objects have folders, and those are no role's business."""
    for resource in yaml.safe_load((POLICIES.parent / "overlay" / "blobs.yaml").read_text())["Resources"].values():
        if resource["Type"] == "AWS::S3::BucketPolicy":
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                role = statement["Principal"]["AWS"]["Fn::GetAtt"][0] if statement["Effect"] == "Allow" else ""
                if snake(role.removesuffix("Role")) == function:
                    bare = {key: value for key, value in statement.items() if key != "Principal"}
                    yield from _grants(function, bare | {"Action": [statement["Action"]]})


def _grants(function: str, statement: Mapping[str, Any], keys: str = "first") -> Iterator[Grant]:
    assert statement.keys() <= _MEMBERS, f"{function}: {sorted(statement.keys() - _MEMBERS)} is not understood here"
    assert statement["Effect"] == "Allow"
    resolved = _resolve(_chosen(statement, Conditions(_template(), {"SecretsKeys": keys})))
    for action in resolved["Action"]:
        for resource in resolved["Resource"]:
            yield Grant(function, resolved["Sid"], action, resource, resolved.get("Condition", {}))


def _chosen(value: Any, conditions: Conditions) -> Any:
    """Without what there is only under conditions that do not hold."""
    match value:
        case {"Fn::If": [name, one, other]}:
            return _chosen(one if conditions.hold(name) else other, conditions)
        case dict():
            return {key: _chosen(inner, conditions) for key, inner in value.items()}
        case list():
            return [each for inner in value if (each := _chosen(inner, conditions)) != _NOTHING]
    return value


def _resolve(value: Any) -> Any:
    match value:
        case {"Ref": name}:
            return _names()[name]
        case {"Fn::GetAtt": [name, "Arn"]}:
            return _names()[f"{name}.Arn"]
        case {"Fn::Sub": [text, names]}:
            return _substituted(text, {**_names(), **_resolve(names)})
        case {"Fn::Sub": text}:
            return _substituted(text, _names())
        case {"Fn::Select": [position, choices]}:
            return _resolve(choices)[position]
        case {"Fn::Split": [at, text]}:
            return _resolve(text).split(at)
        case dict():
            return {key: _resolve(inner) for key, inner in value.items()}
        case list():
            return [_resolve(inner) for inner in value]
    return value


def _substituted(text: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"${{{name}}}", value)
    assert "${" not in text, text
    return text


@cache
def _template() -> dict[str, Any]:
    template: dict[str, Any] = yaml.safe_load(aws.TEMPLATE.read_text())
    return template


@cache
def _names() -> dict[str, str]:
    """Parameters and attributes, as CloudFormation would fill them in."""
    names = {
        "AWS::Partition": "aws",
        "AWS::Region": aws.REGION,
        "AWS::AccountId": aws.ACCOUNT,
        "Prefix": settings().prefix,
        "MailFrom": settings().mail_from,
    }
    for logical_id, resource in _template()["Resources"].items():
        properties = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::DynamoDB::Table":
                found = arn("dynamodb", f"table/{_substituted(properties['TableName']['Fn::Sub'], names)}")
            case "AWS::SQS::Queue":
                found = arn("sqs", _substituted(properties["QueueName"]["Fn::Sub"], names))
            case "AWS::KMS::Key":
                found = arn("kms", f"key/{logical_id}")
            case "AWS::S3::Bucket":
                found = f"arn:aws:s3:::{_substituted(properties['BucketName']['Fn::Sub'], names)}"
            case _:
                continue
        names[f"{logical_id}.Arn"] = found
    return names
