"""One role for each function: its own log and queue by rule, the rest from `infra/policies/<its_name>.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.packaging.merge import Template
from infra.packaging.naming import snake
from infra.packaging.refusal import Refused
from infra.packaging.sources import Statements

_LOG = ["logs:CreateLogStream", "logs:PutLogEvents"]
_CONSUME = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]


def refuse_mismatch(functions: Mapping[str, object], policies: Mapping[str, object]) -> None:
    names = {snake(logical_id) for logical_id in functions}
    if lacking := sorted(names - policies.keys()):
        raise Refused(f"infra/policies says nothing of these functions: {', '.join(lacking)}")
    if idle := sorted(policies.keys() - names):
        raise Refused(f"infra/policies speaks of functions that do not exist: {', '.join(idle)}")


def role(logical_id: str, *, queues: list[Template], own: Statements) -> Template:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = _document([*_by_rule(logical_id, queues), *own])
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": _document([trust]),
            "Policies": [{"PolicyName": snake(logical_id), "PolicyDocument": policy}],
        },
    }


def _by_rule(logical_id: str, queues: list[Template]) -> Iterator[dict[str, Any]]:
    log = {"Fn::GetAtt": [f"{logical_id}Logs", "Arn"]}
    yield {"Sid": "OwnLog", "Effect": "Allow", "Action": _LOG, "Resource": [log]}
    if queues:
        yield {"Sid": "OwnQueue", "Effect": "Allow", "Action": _CONSUME, "Resource": queues}


def _document(statements: Statements) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}
