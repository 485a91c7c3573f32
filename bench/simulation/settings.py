"""The product's own settings, read from the template that would be deployed: what is simulated is what stands there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from bench.simulation import limits
from chalicelib.features.sending.model.run import Lane
from infra.cost.declared import FUNCTION, packaged
from infra.cost.machine import Machine

PLAN = "plan"
MAPPING = "AWS::Lambda::EventSourceMapping"
_FUNCTIONS = {
    "Plan": PLAN,
    "Send": Lane.BULK.value,
    "SendSmall": Lane.SMALL.value,
    "SendTransactional": Lane.TRANSACTIONAL.value,
}


@dataclass(frozen=True)
class Line:
    """A queue and its function. `mappings` has the most that each mapping from one to the other runs at once, `at_once`
    how many messages an invocation is handed at most.
    """

    name: str
    machine: Machine
    timeout_seconds: float
    visibility_seconds: float
    mappings: tuple[int, ...]
    reserved: int = 0
    at_once: int = 1

    @property
    def most(self) -> int:
        return sum(self.mappings)


@dataclass(frozen=True)
class Settings:
    lines: Mapping[str, Line]
    rows_per_batch: int
    window: int

    def with_line(self, name: str, **changes: Any) -> Settings:
        """The same, were one line otherwise."""
        return replace(self, lines={**self.lines, name: replace(self.lines[name], **changes)})


@cache
def deployed() -> Settings:
    template = packaged()
    resources = template["Resources"]
    variables = resources["Send"]["Properties"]["Environment"]["Variables"]
    return Settings(
        lines={name: _line(template, logical, name) for logical, name in _FUNCTIONS.items()},
        rows_per_batch=int(variables["ROWS_PER_BATCH"]),
        window=int(variables["WINDOW"]),
    )


def _line(template: Mapping[str, Any], logical: str, name: str) -> Line:
    function = template["Resources"][logical]
    assert function["Type"] == FUNCTION, logical
    properties = function["Properties"]
    (event,) = (event["Properties"] for event in properties["Events"].values() if event["Type"] == "SQS")
    queue = event["Queue"]["Fn::GetAtt"][0]
    mappings = [event, *_further(template["Resources"], queue)]
    return Line(
        name,
        Machine(properties["MemorySize"]),
        timeout_seconds=properties["Timeout"],
        visibility_seconds=template["Resources"][queue]["Properties"]["VisibilityTimeout"],
        mappings=tuple(_most(template, mapping) for mapping in mappings),
        reserved=int(_plain(template, properties.get("ReservedConcurrentExecutions")) or 0),
        at_once=event["BatchSize"],
    )


def _further(resources: Mapping[str, Any], queue: str) -> Iterator[Mapping[str, Any]]:
    for resource in resources.values():
        if resource["Type"] == MAPPING and resource["Properties"]["EventSourceArn"]["Fn::GetAtt"][0] == queue:
            yield resource["Properties"]


def _most(template: Mapping[str, Any], mapping: Mapping[str, Any]) -> int:
    scaling = _plain(template, mapping.get("ScalingConfig")) or {}
    return int(_plain(template, scaling.get("MaximumConcurrency")) or limits.POLLERS_MOST.value)


def _plain(template: Mapping[str, Any], value: Any) -> Any:
    """As it stands when nobody changes a parameter: conditions hold, parameters have their defaults."""
    match value:
        case {"Fn::If": [_, then, _]}:
            return _plain(template, then)
        case {"Ref": "AWS::NoValue"}:
            return None
        case {"Ref": name}:
            return template["Parameters"][name]["Default"]
    return value
