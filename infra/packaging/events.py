"""What starts a function: Chalice writes queues by name only, and cannot ask for the answers that a batch needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.packaging.merge import Template
from infra.packaging.refusal import Refused

_OURS = "${Prefix}-"


def queues_of(resources: Template) -> dict[str, str]:
    """Short names with logical ids: `${Prefix}-send-small` is `send-small` to the code."""
    return {
        resource["Properties"]["QueueName"]["Fn::Sub"].removeprefix(_OURS): logical_id
        for logical_id, resource in resources["Resources"].items()
        if resource["Type"] == "AWS::SQS::Queue"
    }


def event_patches(events: Mapping[str, Any], queues: Mapping[str, str]) -> dict[str, Template]:
    return {name: {"Properties": _patch(event, queues)} for name, event in events.items()}


def sources_of(patches: Mapping[str, Template]) -> list[Template]:
    """The ARNs of the queues that these events come from."""
    return [patch["Properties"]["Queue"] for patch in patches.values() if "Queue" in patch["Properties"]]


def _patch(event: Mapping[str, Any], queues: Mapping[str, str]) -> Template:
    match event["Type"]:
        case "SQS":
            return _on_queue(event["Properties"], queues)
        case "Schedule":
            return {}
    raise Refused(f"there is no rule yet for events of {event['Type']}: give infra/packaging/events.py one")


def _on_queue(properties: Mapping[str, Any], queues: Mapping[str, str]) -> Template:
    name = properties["Queue"]["Fn::Sub"].rpartition(":")[2]
    if name not in queues:
        raise Refused(f"a function waits for the queue {name}, which infra/resources.yaml does not make")
    arn = {"Fn::GetAtt": [queues[name], "Arn"]}
    if properties["BatchSize"] == 1:
        return {"Queue": arn}
    return {"Queue": arn, "FunctionResponseTypes": ["ReportBatchItemFailures"]}
