"""What stands in a template is counted from the template, and nothing in it is overlooked."""

from __future__ import annotations

from typing import Any

import pytest

from infra.cost import assumptions as assumed
from infra.cost.declared import Unpriced, declared, packaged
from infra.cost.demo_run import TICK
from infra.cost.idle_month import idle_month
from infra.cost.machine import Machine
from infra.cost.meter import Call, Invocation, Reading, Timed
from infra.cost.scales import Weight


def _template(**resources: dict[str, Any]) -> dict[str, Any]:
    return {"Resources": resources}


def _resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def _function(memory: int, *events: str) -> dict[str, Any]:
    named = {f"E{number}": {"Type": event, "Properties": {"BatchSize": 4}} for number, event in enumerate(events)}
    return _resource("AWS::Serverless::Function", MemorySize=memory, **({"Events": named} if named else {}))


def _with_a_maximum(function: dict[str, Any]) -> dict[str, Any]:
    for event in function["Properties"]["Events"].values():
        event["Properties"]["ScalingConfig"] = {"MaximumConcurrency": 600}
    return function


def _alarm(**properties: Any) -> dict[str, Any]:
    return _resource("AWS::CloudWatch::Alarm", **properties)


def test_functions_bring_their_memory_their_queues_and_their_schedules() -> None:
    template = _template(SendSmall=_function(256, "SQS"), Tick=_function(512, "Schedule"), APIHandler=_function(1_024))
    stands = declared(template)
    assert stands.machines == {"send_small": Machine(256), "tick": Machine(512), "api_handler": Machine(1_024)}
    assert (stands.polled_queues, stands.schedules) == (1, 1)
    assert stands.at_once == {"send_small": 4}


def test_an_alarm_is_charged_by_the_metrics_it_watches() -> None:
    ratio = [{"MetricStat": {"Period": 60}}, {"MetricStat": {"Period": 60}}, {"Expression": "m1 / m2"}]
    quick = [{"MetricStat": {"Period": 10}}]
    stands = declared(_template(A=_alarm(Period=300), B=_alarm(Metrics=ratio), C=_alarm(Metrics=quick)))
    assert (stands.alarm_metrics, stands.quick_alarm_metrics) == (3, 1)


def test_a_kind_of_resource_nobody_has_priced_is_an_error_that_names_it() -> None:
    with pytest.raises(Unpriced, match="AWS::RDS::DBInstance"):
        declared(_template(Base=_resource("AWS::RDS::DBInstance")))


def test_all_that_we_package_is_priced() -> None:
    stands = declared(packaged())
    assert (stands.polled_queues, stands.eager_queues) == (9, 2)
    assert stands.schedules == 1
    assert stands.keys == 1
    assert stands.alarm_metrics >= 16
    assert {"api_handler", "tick", "plan", "send", "sweep"} <= stands.machines.keys()


def test_what_stands_only_when_somebody_says_so_is_on_no_usual_bill() -> None:
    template = _template(Key=_resource("AWS::KMS::Key"), Second=_resource("AWS::KMS::Key") | {"Condition": "IsTwo"})
    conditions = {"Conditions": {"IsTwo": {"Fn::Equals": [{"Ref": "Keys"}, "2"]}}}
    template |= conditions | {"Parameters": {"Keys": {"Default": "1"}}}
    assert declared(template).keys == 1
    odd = template | {"Resources": {"Odd": _resource("AWS::RDS::DBInstance") | {"Condition": "IsTwo"}}}
    with pytest.raises(Unpriced):
        declared(odd)


def test_an_idle_month_is_what_stands_and_polls_and_ticks() -> None:
    stands = declared(
        _template(
            Tick=_function(1_024, "Schedule"),
            Send=_with_a_maximum(_function(512, "SQS")),
            Plan=_function(512, "SQS"),
            Key=_resource("AWS::KMS::Key"),
            Board=_resource("AWS::CloudWatch::Dashboard"),
            Alarm=_alarm(Period=60),
        )
    )
    bill = idle_month(stands, _ticks(number=2, reads_each=3))
    quantities = {line.item: line.quantity for line in bill.lines}
    assert quantities["CloudWatch: dashboards"] == quantities["KMS: keys"] == 1
    assert quantities["CloudWatch: metrics that alarms watch"] == 1
    assert quantities["SQS: empty polls of 2 queues"] == (5 + 2) * 3 * 43_800
    assert quantities["DynamoDB: ticks"] == 3 * 43_800
    assert quantities["Lambda: ticks"] == pytest.approx(43_800 * _one_request_seconds(Machine(1_024)))
    assert bill.usd == pytest.approx(sum(line.usd for line in bill.lines))


def _ticks(*, number: int, reads_each: int) -> Reading:
    invocations = [Invocation(TICK, one) for one in range(number)]
    calls = [Call(one, "dynamodb.Query", "due", Weight(reads=reads_each), 100) for one in invocations]
    return Reading(tuple(calls), tuple(Timed(one, 0.1, 0.1) for one in invocations))


def _one_request_seconds(machine: Machine) -> float:
    return assumed.DYNAMODB_SECONDS + machine.seconds(assumed.REQUEST_CPU_SECONDS)
