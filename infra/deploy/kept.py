"""What a teardown kept: noted in the artifact bucket, and taken into the stack again by the next deploy.

A table's name and a key's alias are fixed, so a new stack could not make them beside the old ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.deploy.artifacts import Artifacts
from infra.deploy.change import change
from infra.deploy.change_set import HOLDS_DATA, IMPORT, Wish
from infra.deploy.ground import Ground
from infra.deploy.halt import Halt
from infra.deploy.keys import of_kept
from infra.deploy.parameters import Values, chosen
from infra.deploy.stack import Resource, Stack

_NOTE = "releases/kept.json"
_IMPORT_TEMPLATE = "releases/adoption.json"
_KEEPS = frozenset({"Retain", "RetainExceptOnCreate"})


def kept_resources(template: Mapping[str, Any], resources: Sequence[Resource]) -> list[Resource]:
    """Those that deleting the stack leaves behind."""
    policies = {name: each.get("DeletionPolicy") for name, each in template["Resources"].items()}
    return [each for each in resources if policies.get(each.logical_id) in _KEEPS and each.is_there]


def holds_data(resource: Resource) -> bool:
    """The rest of what stays (a role that all APIs of an account share) is nobody's in particular."""
    return resource.kind in HOLDS_DATA


def note_kept(artifacts: Artifacts, resources: Sequence[Resource]) -> None:
    """What an earlier teardown noted stays noted."""
    held = {each.logical_id: [each.kind, each.physical_id] for each in resources if holds_data(each)}
    noted = read_kept(artifacts) | held
    artifacts.write(_NOTE, noted)


def read_kept(artifacts: Artifacts) -> dict[str, Any]:
    return dict(artifacts.read(_NOTE) or {})


def forget_kept(artifacts: Artifacts, stack: Stack) -> None:
    """Only once all of it stands in the stack: till then the note is all that knows of it."""
    noted = read_kept(artifacts)
    if noted and noted.keys() <= {each.logical_id for each in stack.resources() if each.is_there}:
        artifacts.remove(_NOTE)


def adopt_kept(ground: Ground, artifacts: Artifacts, template: Mapping[str, Any], *, asked: Values) -> bool:
    """Makes a stack of nothing but what was kept, for the deploy to build on. False when nothing was."""
    kept = read_kept(artifacts)
    if not kept:
        return False
    ground.terminal.say("taking in what the last teardown kept")
    alone = template_of(template, kept)
    artifacts.write(_IMPORT_TEMPLATE, alone)
    imports = [
        {"ResourceType": kind, "LogicalResourceId": name, "ResourceIdentifier": {HOLDS_DATA[kind]: physical_id}}
        for name, (kind, physical_id) in sorted(kept.items())
    ]
    url = artifacts.url(_IMPORT_TEMPLATE)
    parameters = chosen(alone, asked={**asked, **of_kept(kept)}, standing={})
    change(ground, Wish(IMPORT, url, parameters, imports=imports))
    return True


def template_of(template: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    missing = sorted(kept.keys() - template["Resources"].keys())
    if missing:
        then = "Deploy a release that has it, or give it up: make teardown with DATA=<prefix>."
        raise Halt(f"This release has no place for {', '.join(missing)}, which the teardown kept.", then=then)
    parts = {
        name: template[name] for name in ("AWSTemplateFormatVersion", "Parameters", "Conditions") if name in template
    }
    return parts | {"Resources": {name: template["Resources"][name] for name in sorted(kept)}}
