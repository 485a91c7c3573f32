"""What the packaged template declares that is charged for by its mere being there. Read from the template itself, as it
stands when nobody says otherwise: a second key is there only while it replaces the first.

A kind of resource that nobody has thought about here is an error: a bill must not forget what it does not know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from infra.cost.machine import Machine
from infra.packaging import chalice_run
from infra.packaging.archive import Keys
from infra.packaging.conditions import Conditions
from infra.packaging.naming import snake
from infra.packaging.stage import read_stage
from infra.packaging.template import assemble

ROOT = Path(__file__).parents[2]
FUNCTION = "AWS::Serverless::Function"
ALARM = "AWS::CloudWatch::Alarm"
CHARGED = frozenset(
    {
        FUNCTION,
        ALARM,
        "AWS::CloudWatch::CompositeAlarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::KMS::Key",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Logs::MetricFilter",
    }
)
CHARGED_BY_USE = frozenset(  # nothing while idle; what a campaign uses of them is on the other bill
    {
        "AWS::ApiGateway::RestApi",
        "AWS::CloudFront::Distribution",
        "AWS::DynamoDB::Table",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::Serverless::Api",
    }
)
FREE = frozenset(
    {
        "AWS::ApiGateway::Account",
        "AWS::ApiGateway::BasePathMapping",
        "AWS::ApiGateway::DomainName",
        "AWS::ApiGateway::GatewayResponse",
        "AWS::CloudFront::CachePolicy",
        "AWS::CloudFront::Function",
        "AWS::CloudFront::OriginAccessControl",
        "AWS::CloudFront::ResponseHeadersPolicy",
        "AWS::Events::Rule",  # of AWS's own events
        "AWS::IAM::Role",
        "AWS::KMS::Alias",
        "AWS::Lambda::Permission",
        "AWS::Route53::RecordSet",
        "AWS::Route53::RecordSetGroup",
        "AWS::S3::BucketPolicy",
        "AWS::SES::ConfigurationSet",
        "AWS::SES::ConfigurationSetEventDestination",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::Serverless::LayerVersion",
    }
)
_QUICK_SECONDS = 60  # an alarm that looks more often is of high resolution, and dearer


class Unpriced(Exception):
    """The template has something whose price this package does not know."""


@dataclass(frozen=True)
class Declared:
    machines: Mapping[str, Machine]  # by the function's name in code
    at_once: Mapping[str, int]  # messages that an invocation is handed at most; for functions that queues wake
    alarm_metrics: int
    quick_alarm_metrics: int
    composite_alarms: int
    dashboards: int
    keys: int
    polled_queues: int
    eager_queues: int  # of these, whose mapping has a maximum: Lambda's pollers of it never rest
    schedules: int
    metric_filters: int


def packaged(stage: str = "prod") -> dict[str, Any]:
    """The template as `make package` would write it, without archives."""
    chosen = read_stage(ROOT, stage)
    with TemporaryDirectory() as workshop:
        generated = chalice_run.generate(ROOT, chosen, Path(workshop))
    return assemble(generated.template, infra=ROOT / "infra", stage=chosen, keys=Keys(code="-", layer="-"))


def declared(template: Mapping[str, Any]) -> Declared:
    kinds = Counter(resource["Type"] for resource in template["Resources"].values())
    if unknown := sorted(kinds.keys() - CHARGED - CHARGED_BY_USE - FREE):
        raise Unpriced(f"infra/cost/declared.py does not say what these cost: {', '.join(unknown)}")
    resources = Conditions(dict(template)).standing()
    kinds = Counter(resource["Type"] for resource in resources.values())
    alarms = [resource["Properties"] for resource in resources.values() if resource["Type"] == ALARM]
    events = list(_events(resources))
    mappings = [*_mappings(resources)]
    return Declared(
        machines=_machines(resources),
        at_once=_at_once(resources),
        alarm_metrics=sum(_metrics(alarm) for alarm in alarms if not _is_quick(alarm)),
        quick_alarm_metrics=sum(_metrics(alarm) for alarm in alarms if _is_quick(alarm)),
        composite_alarms=kinds["AWS::CloudWatch::CompositeAlarm"],
        dashboards=kinds["AWS::CloudWatch::Dashboard"],
        keys=kinds["AWS::KMS::Key"],
        polled_queues=len(mappings),
        eager_queues=sum("ScalingConfig" in mapping for mapping in mappings),
        schedules=events.count("Schedule"),
        metric_filters=kinds["AWS::Logs::MetricFilter"],
    )


def _machines(resources: Mapping[str, Any]) -> dict[str, Machine]:
    return {
        snake(name): Machine(resource["Properties"]["MemorySize"])
        for name, resource in resources.items()
        if resource["Type"] == FUNCTION
    }


def _at_once(resources: Mapping[str, Any]) -> dict[str, int]:
    return {
        snake(name): event["Properties"]["BatchSize"]
        for name, resource in resources.items()
        if resource["Type"] == FUNCTION
        for event in resource["Properties"].get("Events", {}).values()
        if event["Type"] == "SQS"
    }


def _events(resources: Mapping[str, Any]) -> Iterator[str]:
    for resource in resources.values():
        if resource["Type"] == FUNCTION:
            yield from (event["Type"] for event in resource["Properties"].get("Events", {}).values())


def _mappings(resources: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Of queues, to whatever reads them."""
    for resource in resources.values():
        if resource["Type"] == "AWS::Lambda::EventSourceMapping":
            yield resource["Properties"]
        if resource["Type"] == FUNCTION:
            events = resource["Properties"].get("Events", {}).values()
            yield from (event["Properties"] for event in events if event["Type"] == "SQS")


def _metrics(alarm: Mapping[str, Any]) -> int:
    """An alarm on an expression is charged for every metric in it."""
    return sum("MetricStat" in each for each in alarm["Metrics"]) if "Metrics" in alarm else 1


def _is_quick(alarm: Mapping[str, Any]) -> bool:
    periods = [each["MetricStat"]["Period"] for each in alarm.get("Metrics", ()) if "MetricStat" in each]
    return bool(min([alarm.get("Period", _QUICK_SECONDS), *periods]) < _QUICK_SECONDS)
