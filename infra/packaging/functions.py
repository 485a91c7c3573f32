"""What every function gets by rule, as patches for the template: runtime, layer, role, log, alarm, queue, environment.

What only some of them need (memory, concurrency, their permissions) is in the overlay and in `infra/policies`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.packaging.events import event_patches, sources_of
from infra.packaging.merge import Template
from infra.packaging.naming import kebab, snake
from infra.packaging.roles import refuse_mismatch, role
from infra.packaging.sources import Statements
from infra.packaging.stage import Stage

RUNTIME = "python3.13"
_FUNCTION = "AWS::Serverless::Function"
_LOG_DAYS = 30
_FIRST_KEY = {"Fn::If": ["FirstKeyOpens", {"Fn::GetAtt": ["SecretsKey", "Arn"]}, ""]}
_SECOND_KEY = {"Fn::If": ["SecondKeyOpens", {"Fn::GetAtt": ["SecondSecretsKey", "Arn"]}, ""]}
_SDK_URL = {
    "Fn::If": ["HasSdkDomain", {"Fn::Sub": "https://${SdkDomainName}"}, {"Fn::Sub": "https://${SdkEdge.DomainName}"}]
}
_OF_THE_INSTALLATION: Template = {
    "PREFIX": {"Ref": "Prefix"},
    "PUBLIC_URL": {"Ref": "PublicUrl"},
    "SDK_URL": _SDK_URL,
    "MAIL_FROM": {"Ref": "MailFrom"},
    "KMS_KEY_OTHER": {"Fn::If": ["FirstKeySeals", _SECOND_KEY, _FIRST_KEY]},
}


@dataclass(frozen=True)
class Surroundings:
    """What the patches of all functions draw on."""

    stage: Stage
    code_key: str
    queues: Mapping[str, str]
    policies: Mapping[str, Statements]


def functions_of(template: Template) -> dict[str, dict[str, Any]]:
    return {
        logical_id: resource["Properties"]
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == _FUNCTION
    }


def function_patches(generated: Template, surroundings: Surroundings) -> Iterator[Template]:
    functions = functions_of(generated)
    refuse_mismatch(functions, surroundings.policies)
    for logical_id, properties in functions.items():
        yield {"Resources": _resources(logical_id, properties, surroundings)}


def _resources(logical_id: str, properties: Mapping[str, Any], surroundings: Surroundings) -> Template:
    events = event_patches(properties.get("Events", {}), surroundings.queues)
    own = surroundings.policies[snake(logical_id)]
    return {
        logical_id: {
            "Properties": {
                "FunctionName": {"Fn::Sub": f"${{Prefix}}-{kebab(logical_id)}"},
                "Runtime": RUNTIME,
                "Layers": [{"Ref": "DependencyLayer"}],
                "CodeUri": {"Bucket": {"Ref": "ArtifactBucket"}, "Key": surroundings.code_key},
                "Role": {"Fn::GetAtt": [f"{logical_id}Role", "Arn"]},
                "LoggingConfig": {"LogGroup": {"Ref": f"{logical_id}Logs"}},
                "Environment": {"Variables": _variables(properties, surroundings.stage)},
                **({"Events": events} if events else {}),
            }
        },
        f"{logical_id}Role": role(logical_id, queues=sources_of(events), own=own),
        f"{logical_id}Logs": _logs(logical_id),
        f"{logical_id}Errors": _alarm(logical_id),
    }


def _variables(properties: Mapping[str, Any], stage: Stage) -> Template:
    return {name: _variable(name, value, stage) for name, value in properties["Environment"]["Variables"].items()}


def _variable(name: str, value: str, stage: Stage) -> Any:
    """An installation's name, addresses and keys are parameters; the stage's values are only their defaults."""
    if name in _OF_THE_INSTALLATION:
        return _OF_THE_INSTALLATION[name]
    return {"Fn::Sub": value.replace(stage.prefix, "${Prefix}")} if stage.prefix in value else value


def _logs(logical_id: str) -> Template:
    """Made before the function, whose own would be kept for ever."""
    name = f"/aws/lambda/${{Prefix}}-{kebab(logical_id)}"
    return {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": {"Fn::Sub": name}, "RetentionInDays": _LOG_DAYS},
    }


def _alarm(logical_id: str) -> Template:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": f"Function {kebab(logical_id)} failed within five minutes; its log says why.",
            "Namespace": "AWS/Lambda",
            "MetricName": "Errors",
            "Dimensions": [{"Name": "FunctionName", "Value": {"Ref": logical_id}}],
            "Statistic": "Sum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 0,
            "TreatMissingData": "notBreaching",
            "AlarmActions": [{"Ref": "AlarmTopic"}],
        },
    }
