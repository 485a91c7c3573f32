"""The template's queues against the app's consumers: each has the other, a dead letter queue, and patience enough."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chalice.app import SQSEventConfig

from chalicelib.aws import side_by_side

Template = Mapping[str, Any]
_PATIENCE = 6  # AWS: visibility is at least six times what the function may take
_MOST_RECEIVES = 10


def lonely_queues(template: Template, consumers: Iterable[SQSEventConfig]) -> Iterator[str]:
    known = {_short(queue) for _, queue in _working(template)}
    served = [str(consumer.queue) for consumer in consumers]
    yield from (f"queue {name} has no consumer" for name in sorted(known - set(served)))
    yield from (
        f"a consumer waits for {name}, which the template does not make" for name in sorted(set(served) - known)
    )
    yield from (f"queue {name} has two consumers" for name in sorted(known) if served.count(name) > 1)


def impatient_queues(template: Template, *, function_seconds: int) -> Iterator[str]:
    for logical_id, queue in _working(template):
        if queue.get("VisibilityTimeout", 30) < _PATIENCE * function_seconds:
            yield f"{logical_id} shows a message again before its function may be done with it, six times over"


def bottomless_queues(template: Template) -> Iterator[str]:
    """Queues whose poison would circle for ever, or vanish unseen."""
    alarmed = {_watched(alarm) for _, alarm in _of_type(template, "AWS::CloudWatch::Alarm")}
    names = {logical_id for logical_id, _ in _of_type(template, "AWS::SQS::Queue")}
    for logical_id, queue in _working(template):
        policy = queue.get("RedrivePolicy", {})
        letters = _target(queue)
        if letters not in names:
            yield f"{logical_id} has no dead letter queue"
        elif letters not in alarmed:
            yield f"{letters} fills without waking anyone"
        if not 0 < policy.get("maxReceiveCount", 0) <= _MOST_RECEIVES:
            yield f"{logical_id} gives a message no sensible number of tries"


def greedy_consumers(consumers: Iterable[SQSEventConfig]) -> Iterator[str]:
    """Of several messages the package sees to it that the failed ones come again; but each wants a thread of its own,
    unless Lambda is asked to wait for more of them: then they are one piece of work.
    """
    for consumer in consumers:
        if consumer.batch_size > side_by_side.MOST and not consumer.maximum_batching_window_in_seconds:
            yield f"{consumer.name} takes {consumer.batch_size} messages at once"


def _working(template: Template) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Queues that are not another's dead letter queue."""
    queues = list(_of_type(template, "AWS::SQS::Queue"))
    dead = {_target(queue) for _, queue in queues}
    return ((logical_id, queue) for logical_id, queue in queues if logical_id not in dead)


def _of_type(template: Template, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == kind:
            yield logical_id, resource.get("Properties", {})


def _target(queue: Mapping[str, Any]) -> str | None:
    return _attribute_of(queue.get("RedrivePolicy", {}).get("deadLetterTargetArn"))


def _watched(alarm: Mapping[str, Any]) -> str | None:
    for dimension in alarm.get("Dimensions", []):
        if dimension["Name"] == "QueueName":
            return _attribute_of(dimension["Value"])
    return None


def _attribute_of(value: object) -> str | None:
    if isinstance(value, dict) and "Fn::GetAtt" in value:
        return str(value["Fn::GetAtt"][0])
    return None


def _short(queue: Mapping[str, Any]) -> str:
    """`${Prefix}-send-small` is `send-small` to the code."""
    name = queue["QueueName"]
    text = name["Fn::Sub"] if isinstance(name, dict) else name
    return str(text).removeprefix("${Prefix}-")
