"""Who is woken, and when: every alarm reaches the topic, watches what is there, and rings before it is too late."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from infra.packaging.functions import functions_of

Template = Mapping[str, Any]
Properties = Mapping[str, Any]

_PUSHING = ("APIHandler", "Send", "SendSmall", "SendTransactional")  # watched closely; each further alarm costs $0.10
_TWO_TRIES = 2
_DEAD_MAN = "TickSilence"
_OURS = {"Ref": "Prefix"}  # the namespace of our own metrics


def alarms_of(template: Template) -> Iterator[tuple[str, Properties]]:
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            yield name, resource["Properties"]


def unheard_alarms(template: Template) -> Iterator[str]:
    """No data is good news, but for the tick, whose silence is the bad news."""
    for name, alarm in alarms_of(template):
        if alarm.get("AlarmActions") != [{"Ref": "AlarmTopic"}]:
            yield f"{name} rings for nobody"
        if alarm.get("TreatMissingData") != ("breaching" if name == _DEAD_MAN else "notBreaching"):
            yield f"{name} takes silence for the wrong news"
    policies = (each for each in template["Resources"].values() if each["Type"] == "AWS::SNS::TopicPolicy")
    if not any("cloudwatch.amazonaws.com" in json.dumps(policy) for policy in policies):
        yield "alarms may not speak to their topic"


def blind_alarms(template: Template) -> Iterator[str]:
    """A dimension that names nothing is never breached; nor is an AWS metric of nothing, or ours in a foreign place."""
    known = {*template["Resources"], *template["Parameters"]}
    for name, alarm in alarms_of(template):
        for metric in _metrics_of(alarm):
            dimensions = metric.get("Dimensions", ())
            if not dimensions and metric["Namespace"] != _OURS:
                yield f"{name} watches {metric['MetricName']} of nothing"
            for dimension in dimensions:
                if _named(dimension["Value"]) not in known:
                    yield f"{name} watches {dimension['Value']}, which nobody makes"


def muddled_alarms(template: Template) -> Iterator[str]:
    """Of several metrics one expression rings, and it names all the others."""
    for name, alarm in alarms_of(template):
        parts = alarm.get("Metrics", ())
        ringing = [part for part in parts if part.get("ReturnData", True)]
        if parts and (len(ringing) != 1 or "Expression" not in ringing[0]):
            yield f"{name} rings by {len(ringing)} of its metrics"
        for part in parts:
            if "MetricStat" in part and not any(_speaks_of(part["Id"], each) for each in ringing):
                yield f"{name} pays for {part['Id']} and does not read it"


def unwatched_lanes(template: Template) -> Iterator[str]:
    watched = {(alarm.get("MetricName"), _watched(alarm)) for _, alarm in alarms_of(template)}
    for metric in ("Throttles", "Duration"):
        yield from (f"nobody watches the {metric} of {name}" for name in _PUSHING if (metric, name) not in watched)
    if ("Invocations", "Tick") not in watched:
        yield "nobody hears when the tick stops"
    if ("5XXError", "Prefix") not in watched:
        yield "nobody hears when the API fails"


def late_alarms(template: Template) -> Iterator[str]:
    """One that rings only once the function is dead, which its errors tell anyway."""
    functions = functions_of(dict(template))
    for name, alarm in alarms_of(template):
        if alarm.get("MetricName") == "Duration":
            milliseconds = functions[str(_watched(alarm))]["Timeout"] * 1_000
            if not milliseconds / 2 < alarm["Threshold"] < milliseconds:
                yield f"{name} rings at {alarm['Threshold']} of {milliseconds} ms"


def impatient_alarms(template: Template) -> Iterator[str]:
    """Every working queue is watched for messages that wait; a second try must not wake anybody."""
    ages = {_watched(alarm): alarm for _, alarm in alarms_of(template) if "AgeOfOldest" in alarm.get("MetricName", "")}
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::SQS::Queue" or "RedrivePolicy" not in resource["Properties"]:
            continue
        if name not in ages:
            yield f"nobody hears when messages wait in {name}"
        elif ages[name]["Threshold"] < _TWO_TRIES * resource["Properties"]["VisibilityTimeout"]:
            yield f"a second try in {name} wakes somebody"


def broken_dashboards(template: Template) -> Iterator[str]:
    """Its text is no intrinsic that a linter would follow: names in it may be of nothing, or leave something out."""
    (board,) = (each for each in template["Resources"].values() if each["Type"] == "AWS::CloudWatch::Dashboard")
    text, own = board["Properties"]["DashboardBody"]["Fn::Sub"]
    shown = {name.partition(".")[0] for name in re.findall(r"\$\{([\w.:]+)\}", text)}
    known = {*template["Resources"], *template["Parameters"], *own, "AWS::Region"}
    yield from (f"the dashboard shows {name}, which nobody makes" for name in sorted(shown - known))
    queues = {name for name, each in template["Resources"].items() if each["Type"] == "AWS::SQS::Queue"}
    missing = {*queues, *functions_of(dict(template))} - shown
    yield from (f"the dashboard does not show {name}" for name in sorted(missing))
    try:
        json.loads(re.sub(r"\$\{[\w.:]+\}", "x", text))
    except json.JSONDecodeError as error:
        yield f"the dashboard is no JSON: {error}"


def _metrics_of(alarm: Properties) -> list[Properties]:
    return [part["MetricStat"]["Metric"] for part in alarm.get("Metrics", ()) if "MetricStat" in part] or [alarm]


def _speaks_of(metric: str, part: Properties) -> bool:
    return re.search(rf"\b{metric}\b", part.get("Expression", "")) is not None


def _watched(alarm: Properties) -> str | None:
    return _named(alarm["Dimensions"][0]["Value"]) if "Dimensions" in alarm else None


def _named(value: object) -> str | None:
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), _]}:
            return name.removesuffix(".Stage")
    return None
