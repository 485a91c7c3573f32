from __future__ import annotations

from typing import Any

import pytest

from infra.packaging.functions import Surroundings, function_patches
from infra.packaging.refusal import Refused
from infra.packaging.stage import Stage

_STAGE = Stage("prod", {"PREFIX": "shop-prod", "PUBLIC_URL": "https://push.example.com", "MAIL_FROM": "a@example.com"})
_MAY_READ = [{"Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": [{"Fn::GetAtt": ["CoreTable", "Arn"]}]}]


def _event(kind: str = "SQS", *, batch: int = 1) -> dict[str, Any]:
    queue = {"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:send-small"}
    return {"Type": kind, "Properties": {"Queue": queue, "BatchSize": batch}}


def _patched(event: dict[str, Any] | None = None, **variables: str) -> dict[str, Any]:
    """The resources that the rules make of one function, SendSmall."""
    properties: dict[str, Any] = {"Environment": {"Variables": variables}}
    if event:
        properties["Events"] = {"Source": event}
    generated = {"Resources": {"SendSmall": {"Type": "AWS::Serverless::Function", "Properties": properties}}}
    (patch,) = function_patches(generated, _surroundings())
    resources: dict[str, Any] = patch["Resources"]
    return resources


def _surroundings(*policies: str) -> Surroundings:
    named = dict.fromkeys(policies or ("send_small",), _MAY_READ)
    return Surroundings(_STAGE, code_key="code-1.zip", queues={"send-small": "SendSmallQueue"}, policies=named)


def _statements(resources: dict[str, Any]) -> list[dict[str, Any]]:
    (policy,) = resources["SendSmallRole"]["Properties"]["Policies"]
    statements: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return statements


def test_a_function_runs_on_lambdas_python_with_the_layer_and_its_own_role_and_log() -> None:
    properties = _patched()["SendSmall"]["Properties"]
    assert properties["Runtime"] == "python3.13"
    assert properties["Layers"] == [{"Ref": "DependencyLayer"}]
    assert properties["CodeUri"] == {"Bucket": {"Ref": "ArtifactBucket"}, "Key": "code-1.zip"}
    assert properties["Role"] == {"Fn::GetAtt": ["SendSmallRole", "Arn"]}
    assert properties["LoggingConfig"] == {"LogGroup": {"Ref": "SendSmallLogs"}}


def test_a_function_and_its_log_carry_the_name_of_the_installation() -> None:
    resources = _patched()
    assert resources["SendSmall"]["Properties"]["FunctionName"] == {"Fn::Sub": "${Prefix}-send-small"}
    assert resources["SendSmallLogs"]["Properties"]["LogGroupName"] == {"Fn::Sub": "/aws/lambda/${Prefix}-send-small"}
    assert resources["SendSmallLogs"]["Properties"]["RetentionInDays"] > 0


def test_a_function_that_fails_wakes_someone() -> None:
    alarm = _patched()["SendSmallErrors"]["Properties"]
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "SendSmall"}}]
    assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]


def test_a_consumer_may_use_its_log_its_queue_and_what_its_policy_says() -> None:
    log, queue, *rest = _statements(_patched(_event()))
    assert log["Resource"] == [{"Fn::GetAtt": ["SendSmallLogs", "Arn"]}]
    assert queue["Resource"] == [{"Fn::GetAtt": ["SendSmallQueue", "Arn"]}]
    assert "sqs:ReceiveMessage" in queue["Action"]
    assert rest == _MAY_READ


def test_a_function_without_a_queue_may_use_none() -> None:
    assert "sqs" not in str(_statements(_patched({"Type": "Schedule", "Properties": {"Schedule": "rate(1 minute)"}})))
    assert "Events" not in _patched()["SendSmall"]["Properties"]


@pytest.mark.parametrize(("batch", "reports"), [(1, None), (2, ["ReportBatchItemFailures"])])
def test_a_batch_is_answered_message_by_message(batch: int, reports: list[str] | None) -> None:
    event = _patched(_event(batch=batch))["SendSmall"]["Properties"]["Events"]["Source"]["Properties"]
    assert event["Queue"] == {"Fn::GetAtt": ["SendSmallQueue", "Arn"]}
    assert event.get("FunctionResponseTypes") == reports


def test_what_an_installation_chooses_comes_from_parameters() -> None:
    resources = _patched(
        PREFIX="shop-prod",
        PUBLIC_URL="https://push.example.com",
        MAIL_FROM="a@example.com",
        SECRET_JWT="/shop-prod/jwt",
        WINDOW="256",
    )
    assert resources["SendSmall"]["Properties"]["Environment"]["Variables"] == {
        "PREFIX": {"Ref": "Prefix"},
        "PUBLIC_URL": {"Ref": "PublicUrl"},
        "MAIL_FROM": {"Ref": "MailFrom"},
        "SECRET_JWT": {"Fn::Sub": "/${Prefix}/jwt"},
        "WINDOW": "256",
    }


def test_a_queue_that_nobody_makes_is_refused() -> None:
    event = _event()
    event["Properties"]["Queue"] = {"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:dreams"}
    with pytest.raises(Refused, match="waits for the queue dreams"):
        _patched(event)


def test_an_event_that_no_rule_knows_is_refused() -> None:
    with pytest.raises(Refused, match="no rule yet for events of DynamoDB"):
        _patched(_event("DynamoDB"))


@pytest.mark.parametrize(
    ("policies", "complaint"),
    [
        (["tick"], "says nothing of these functions: send_small"),
        (["send_small", "tick"], "speaks of functions that do not exist: tick"),
    ],
)
def test_functions_and_policies_belong_together(policies: list[str], complaint: str) -> None:
    function = {"Type": "AWS::Serverless::Function", "Properties": {"Environment": {"Variables": {}}}}
    with pytest.raises(Refused, match=complaint):
        list(function_patches({"Resources": {"SendSmall": function}}, _surroundings(*policies)))
