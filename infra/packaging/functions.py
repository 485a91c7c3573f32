"""What every function gets by rule, as patches for the template: runtime, layer, role, log, alarm, queue, environment.

A function's own permissions are in `infra/policies/<its_name>.yaml`; what only some functions need is in the overlay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.packaging.merge import Template
from infra.packaging.naming import kebab, snake
from infra.packaging.refusal import Refused
from infra.packaging.sources import Statements
from infra.packaging.stage import Stage

FUNCTION = "AWS::Serverless::Function"
RUNTIME = "python3.13"
_LOG_DAYS = 30
_PARAMETERS = {"PREFIX": "Prefix", "PUBLIC_URL": "PublicUrl", "MAIL_FROM": "MailFrom"}
_CONSUMER = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]


@dataclass(frozen=True)
class Surroundings:
    """What the patches of all functions have in common."""

    stage: Stage
    code_key: str
    queues: Mapping[str, str]  # short name → logical id
    policies: Mapping[str, Statements]


def patches(template: Template, surroundings: Surroundings) -> Iterator[Template]:
    functions = functions_of(template)
    _match(functions, surroundings.policies)
    for logical_id, properties in functions.items():
        yield {"Resources": _resources(logical_id, properties, surroundings)}


def functions_of(template: Template) -> dict[str, dict[str, Any]]:
    return {
        logical_id: resource["Properties"]
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == FUNCTION
    }


def queues_of(template: Template, prefix: str = "${Prefix}-") -> dict[str, str]:
    """`${Prefix}-send-small` is `send-small` to the code."""
    return {
        resource["Properties"]["QueueName"]["Fn::Sub"].removeprefix(prefix): logical_id
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == "AWS::SQS::Queue"
    }


def _match(functions: Mapping[str, object], policies: Mapping[str, object]) -> None:
    names = {snake(logical_id) for logical_id in functions}
    if lacking := sorted(names - policies.keys()):
        raise Refused(f"no policy says what these functions may do: {', '.join(lacking)}")
    if idle := sorted(policies.keys() - names):
        raise Refused(f"policies of functions that do not exist: {', '.join(idle)}")


def _resources(logical_id: str, properties: Mapping[str, Any], surroundings: Surroundings) -> Template:
    events = {
        name: _on_queue(event, surroundings.queues)
        for name, event in properties.get("Events", {}).items()
        if event["Type"] == "SQS"
    }
    own = surroundings.policies[snake(logical_id)]
    consumed = [event["Properties"]["Queue"] for event in events.values()]
    return {
        logical_id: {
            "Properties": _properties(logical_id, properties, surroundings) | ({"Events": events} if events else {})
        },
        f"{logical_id}Role": _role(logical_id, [*_by_rule(logical_id, consumed), *own]),
        f"{logical_id}Logs": _logs(logical_id),
        f"{logical_id}Errors": _alarm(logical_id),
    }


def _properties(logical_id: str, properties: Mapping[str, Any], surroundings: Surroundings) -> Template:
    variables = properties["Environment"]["Variables"]
    return {
        "FunctionName": {"Fn::Sub": f"${{Prefix}}-{kebab(logical_id)}"},
        "Runtime": RUNTIME,
        "Layers": [{"Ref": "DependencyLayer"}],
        "CodeUri": {"Bucket": {"Ref": "ArtifactBucket"}, "Key": surroundings.code_key},
        "Role": {"Fn::GetAtt": [f"{logical_id}Role", "Arn"]},
        "LoggingConfig": {"LogGroup": {"Ref": f"{logical_id}Logs"}},
        "Environment": {
            "Variables": {name: _variable(name, value, surroundings.stage) for name, value in variables.items()}
        },
    }


def _variable(name: str, value: str, stage: Stage) -> Any:
    """The installation's name and addresses are parameters; the stage's values are only their defaults."""
    if name in _PARAMETERS:
        return {"Ref": _PARAMETERS[name]}
    return {"Fn::Sub": value.replace(stage.prefix, "${Prefix}")} if stage.prefix in value else value


def _on_queue(event: Mapping[str, Any], queues: Mapping[str, str]) -> Template:
    """Chalice writes an ARN of its own from the queue's short name."""
    name = event["Properties"]["Queue"]["Fn::Sub"].rpartition(":")[2]
    if name not in queues:
        raise Refused(f"a function waits for the queue {name}, which infra/resources.yaml does not make")
    patch: Template = {"Queue": {"Fn::GetAtt": [queues[name], "Arn"]}}
    if event["Properties"]["BatchSize"] > 1:  # else one failed message would bring back all, or vanish with them
        patch["FunctionResponseTypes"] = ["ReportBatchItemFailures"]
    return {"Properties": patch}


def _by_rule(logical_id: str, queues: list[Any]) -> Iterator[Template]:
    log = {"Fn::GetAtt": [f"{logical_id}Logs", "Arn"]}
    yield {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": [log]}
    if queues:
        yield {"Effect": "Allow", "Action": _CONSUMER, "Resource": queues}


def _role(logical_id: str, statements: Statements) -> Template:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = {"Version": "2012-10-17", "Statement": statements}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": snake(logical_id), "PolicyDocument": policy}],
        },
    }


def _logs(logical_id: str) -> Template:
    """Made before the function, which would otherwise make one that is kept for ever."""
    name = f"/aws/lambda/${{Prefix}}-{kebab(logical_id)}"
    return {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": {"Fn::Sub": name}, "RetentionInDays": _LOG_DAYS},
    }


def _alarm(logical_id: str) -> Template:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": f"Function {kebab(logical_id)} failed in the last five minutes; see its log.",
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
