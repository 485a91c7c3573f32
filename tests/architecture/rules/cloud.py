"""What an installation keeps and what it may do, beyond its functions: data that stays, secrets that are not there, roles."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Template = Mapping[str, Any]

_KEEPERS = {"AWS::DynamoDB::Table", "AWS::KMS::Key"}
_KEPT = {"BlobsBucket", "ApiAccount", "ApiAccountRole"}  # the last two are the account's: other stacks use them as well
_MANAGED = {"ApiAccountRole"}  # API Gateway takes no other
_SECRETS = ("AWS::SSM::Parameter", "AWS::SecretsManager::Secret", "SecureString", "NoEcho", "BEGIN PRIVATE KEY")


def perishable_data(template: Template) -> Iterator[str]:
    for name, resource in template["Resources"].items():
        if resource["Type"] in _KEEPERS or name in _KEPT:
            if not resource.get("DeletionPolicy") == resource.get("UpdateReplacePolicy") == "Retain":
                yield f"{name} goes with its stack"
        elif "DeletionPolicy" in resource:
            yield f"{name} stays when its stack goes, and nobody knows why"


def careless_tables(template: Template) -> Iterator[str]:
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::DynamoDB::Table":
            properties = resource["Properties"]
            if properties.get("SSESpecification") != {"SSEEnabled": True}:
                yield f"{name} is not encrypted"
            if properties.get("PointInTimeRecoverySpecification") != {"PointInTimeRecoveryEnabled": True}:
                yield f"{name} cannot be brought back"


def legible_queues(template: Template) -> Iterator[str]:
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::SQS::Queue" and resource["Properties"].get("SqsManagedSseEnabled") is not True:
            yield f"{name} is not encrypted"


def told_secrets(template: Template) -> Iterator[str]:
    """Secrets are made by the deploy command, and are in no template that anybody could read."""
    text = json.dumps(template)
    yield from (f"the template speaks of {word}" for word in _SECRETS if word in text)


def bought_policies(template: Template) -> Iterator[str]:
    """What AWS puts into a policy of its own is not ours to say, and grows without us."""
    for name, resource in template["Resources"].items():
        if name not in _MANAGED and "ManagedPolicyArns" in resource.get("Properties", {}):
            yield f"{name} takes a policy that is not ours"


def trusting_roles(template: Template) -> Iterator[str]:
    """Each role is for one service."""
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role":
            for statement in resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]:
                if list(statement["Principal"]) != ["Service"] or not isinstance(
                    statement["Principal"]["Service"], str
                ):
                    yield f"{name} may be taken by {statement['Principal']}"


def throttled_pollers(template: Template) -> Iterator[str]:
    """A function that keeps concurrency for itself takes no more messages than it can run: SQS counts a throttled one as
    a failed try, and five of those as a dead letter.
    """
    for name, resource in template["Resources"].items():
        kept = _choice(resource.get("Properties", {}).get("ReservedConcurrentExecutions"))
        if kept is not None:
            for event in resource["Properties"]["Events"].values():
                if _choice(event["Properties"].get("ScalingConfig")) != {"MaximumConcurrency": kept}:
                    yield f"{name} is sent more messages than it may run"


def _choice(value: Any) -> Any:
    """What an `Fn::If` gives when it holds."""
    return value["Fn::If"][1] if isinstance(value, dict) and "Fn::If" in value else value
