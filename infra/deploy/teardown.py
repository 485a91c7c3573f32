"""The end of an installation: the stack goes, what holds data stays. Told twice, that goes too."""

from __future__ import annotations

from infra.deploy.artifacts import Artifacts
from infra.deploy.destroy import delete_bucket, delete_kept, delete_secrets, empty
from infra.deploy.ground import Ground
from infra.deploy.halt import Halt
from infra.deploy.history import forget_history
from infra.deploy.kept import kept_resources, note_kept, read_kept
from infra.deploy.stack import Resource, Stack

_UNBORN = "REVIEW_IN_PROGRESS"


def tear_down(ground: Ground, *, with_data: bool, data: str = "") -> None:
    """`data` is the prefix, said a second time. Cut short, it is simply run again."""
    stack, artifacts = Stack(ground), Artifacts(ground)
    found, has_artifacts = stack.may_go(), artifacts.exist()
    if found is None and not has_artifacts:
        raise Halt(f"Nothing is deployed as {ground.prefix} here.", then="Is it the right account and region?")
    if with_data:
        question = f"Delete all data of {ground.prefix}, for ever?"
        ground.terminal.agree_by_name(question, ground.prefix, beforehand=data, variable="DATA")
    if found:
        resources = [] if found.status == _UNBORN else stack.resources()
        _remove_stack(ground, stack, artifacts, resources, is_protected=found.is_protected)
    if not with_data:
        ground.terminal.say(f"there is no stack {stack.name} any more; `make deploy` takes in again what it left")
    else:
        delete_kept(ground, read_kept(artifacts))
        delete_secrets(ground)
        delete_bucket(ground, artifacts.bucket)
        ground.terminal.say(
            f"{ground.prefix} is gone, its data too. AWS keeps the key for 30 days, should you need it."
        )


def _remove_stack(
    ground: Ground, stack: Stack, artifacts: Artifacts, resources: list[Resource], *, is_protected: bool
) -> None:
    kept = kept_resources(stack.template(), resources) if resources else []
    ground.terminal.say("the stack leaves these:", *(f"  {each.logical_id}  {each.physical_id}" for each in kept))
    ground.terminal.agree(f"Delete the stack {stack.name} with its other {len(resources) - len(kept)} resources?")
    artifacts.make_ready()
    note_kept(artifacts, kept)
    forget_history(artifacts)
    if is_protected:
        stack.lift_protection()
    for each in resources:
        if each.kind == "AWS::S3::Bucket" and each not in kept:
            empty(ground, each.physical_id)  # CloudFormation deletes no bucket that holds anything
    ground.terminal.say("deleting it; this takes minutes")
    stack.delete()
