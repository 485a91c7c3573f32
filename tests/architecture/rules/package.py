"""The package as it is deployed: the merged template of a stage, and what every function in it must have."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from packaging.requirements import Requirement

from chalicelib.config import BadSettings, read
from infra.packaging.archive import Keys
from infra.packaging.chalice_run import generate
from infra.packaging.conditions import Conditions
from infra.packaging.functions import functions_of
from infra.packaging.stage import read_stage
from infra.packaging.template import assemble
from tests.architecture.rules.tree import ROOT

Template = dict[str, Any]
_SERVERLESS = "AWS::Serverless::"
_ROLE_MAKERS = frozenset({"Policies", "DeploymentPreference"})
_KNOWN_KINDS = frozenset({"Api", "Function", "LayerVersion"})

# What a lock's markers ask of. pip answers for the Python it runs in, whatever it installs for.
LAMBDA = {
    "implementation_name": "cpython",
    "implementation_version": "3.13.0",
    "os_name": "posix",
    "platform_machine": "aarch64",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "python_full_version": "3.13.0",
    "python_version": "3.13",
    "sys_platform": "linux",
}
_BUILDERS = [
    LAMBDA
    | {"python_version": minor, "python_full_version": f"{minor}.0", "implementation_version": f"{minor}.0"}
    | machine
    for minor in ("3.11", "3.12", "3.13", "3.14")
    for machine in (
        {"platform_machine": "x86_64"},
        {"platform_machine": "aarch64"},
        {"platform_machine": "arm64", "platform_system": "Darwin", "sys_platform": "darwin"},
    )
]


@dataclass(frozen=True)
class Packaged:
    template: Template
    code: frozenset[str]  # the files beside the handlers


@cache
def packaged(stage_name: str) -> Packaged:
    """Through the real Chalice, without archives: seconds, and no network."""
    stage = read_stage(ROOT, stage_name)
    with TemporaryDirectory() as folder:
        generated = generate(ROOT, stage, Path(folder))
        files = (path for path in generated.code.rglob("*") if path.is_file())
        code = frozenset(path.relative_to(generated.code).as_posix() for path in files)
        keys = Keys(code="code-0.zip", layer="layer-0.zip")
        return Packaged(assemble(generated.template, infra=ROOT / "infra", stage=stage, keys=keys), code)


def undecided_requirements(lock: str) -> Iterator[str]:
    """Lines that one builder would install and another, or Lambda, would not."""
    for line in re.findall(r"^[\w.-]+==[^\\\n]+", lock, re.MULTILINE):
        marker = Requirement(line).marker
        if marker and {marker.evaluate(builder) for builder in _BUILDERS} != {marker.evaluate(LAMBDA)}:
            yield f"{line.strip()}: depends on who builds"


def unfit_functions(template: Template) -> Iterator[str]:
    """Runtime, processor, layer: what Chalice alone gets wrong or leaves out."""
    for name, function in functions_of(template).items():
        fits = (function.get("Runtime"), function.get("Architectures")) == ("python3.13", ["arm64"])
        if not fits or function.get("Layers") != [{"Ref": "DependencyLayer"}]:
            yield f"{name} does not run on python3.13, arm64, with the layer"


def shared_or_hidden_roles(template: Template) -> Iterator[str]:
    """Each function has a role of its own that stands in the template: SAM makes none that nobody reads."""
    functions = functions_of(template)
    roles = {name: _target(function.get("Role")) for name, function in functions.items()}
    uses = Counter(roles.values())
    for name, role in roles.items():
        if role not in template["Resources"]:
            yield f"{name} has no role in the template"
        elif uses[role] > 1:
            yield f"{name} shares its role with another function"
        elif "ManagedPolicyArns" in template["Resources"][role]["Properties"]:
            yield f"{name} may do what somebody else's policy says"
        yield from (f"{name} has SAM make a role: {word}" for word in sorted(_ROLE_MAKERS & functions[name].keys()))
    for name, resource in template["Resources"].items():
        kind = resource["Type"].removeprefix(_SERVERLESS)
        if kind != resource["Type"] and kind not in _KNOWN_KINDS:
            yield f"{name} is a {resource['Type']}, which may make roles of its own"


def forgetful_or_endless_logs(template: Template) -> Iterator[str]:
    resources = template["Resources"]
    for name, function in functions_of(template).items():
        log = function.get("LoggingConfig", {}).get("LogGroup", {}).get("Ref")
        if log not in resources:
            yield f"{name} writes into a log that is not in the template"
    for name, resource in resources.items():
        if resource["Type"] == "AWS::Logs::LogGroup" and not resource["Properties"].get("RetentionInDays"):
            yield f"{name} keeps its lines for ever"


def unwatched_functions(template: Template) -> Iterator[str]:
    watched = {
        dimension["Value"].get("Ref")
        for alarm in template["Resources"].values()
        if alarm["Type"] == "AWS::CloudWatch::Alarm" and alarm["Properties"].get("MetricName") == "Errors"
        for dimension in alarm["Properties"]["Dimensions"]
    }
    yield from (f"{name} fails without waking anyone" for name in functions_of(template) if name not in watched)


def queue_events(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, function in functions_of(template).items():
        for event in function.get("Events", {}).values():
            if "BatchSize" in event["Properties"]:
                yield name, event["Properties"]


def unconsumed_queues(template: Template) -> Iterator[str]:
    served = Counter(_target(event["Queue"]) for _, event in queue_events(template))
    for name, resource in template["Resources"].items():
        is_working = resource["Type"] == "AWS::SQS::Queue" and "RedrivePolicy" in resource["Properties"]
        if is_working and served[name] != 1:
            yield f"{name} has {served[name]} consumers"


def silent_batches(template: Template) -> Iterator[str]:
    """One failed message of several would bring back all of them, or vanish with them."""
    for name, event in queue_events(template):
        if event["BatchSize"] > 1 and event.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name} takes {event['BatchSize']} messages and cannot say which failed"


def misread_environments(template: Template, expected: Mapping[str, str]) -> Iterator[str]:
    """What each function will read, with every parameter at its default, is what the stage says."""
    for name, function in functions_of(template).items():
        found = {key: _resolved(value, template) for key, value in function["Environment"]["Variables"].items()}
        if found != expected:
            yield f"{name} reads {sorted(found.items() ^ expected.items())}"
        try:
            read(found)
        except BadSettings as error:
            yield f"{name} would not start: {error}"


def _resolved(value: Any, template: Template) -> str:
    match value:
        case {"Fn::If": [condition, one, other]}:
            return _resolved(one if Conditions(template).hold(condition) else other, template)
        case {"Ref": parameter}:
            return str(template["Parameters"][parameter]["Default"])
        case {"Fn::Sub": text}:
            return str(text.replace("${Prefix}", template["Parameters"]["Prefix"]["Default"]))
    return str(value)


def _target(value: object) -> str | None:
    match value:
        case {"Fn::GetAtt": [str(logical_id), "Arn"]}:
            return logical_id
    return None
