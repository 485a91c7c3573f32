"""A change of the stack: made, shown, agreed to, carried out. Nothing changes the stack in any other way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.core import ids
from infra.deploy.aws_cli import Refused
from infra.deploy.ground import Ground
from infra.deploy.halt import Halt
from infra.deploy.package import release_of
from infra.deploy.stack import Stack

CREATE, UPDATE, IMPORT = "CREATE", "UPDATE", "IMPORT"
_ENDS = {CREATE: "stack-create-complete", UPDATE: "stack-update-complete", IMPORT: "stack-import-complete"}
_AS_ASKED = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})  # what was undone may have left something behind
_CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_EMPTY = ("didn't contain changes", "No updates are to be performed")
HOLDS_DATA = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::KMS::Key": "KeyId",
    "AWS::S3::Bucket": "BucketName",
}  # and its id
_WATCHED_MINUTES = 6  # the five that alarms look back, and the one they take to say so


@dataclass(frozen=True)
class Change:
    action: str
    logical_id: str
    kind: str
    replacement: str

    @property
    def loses_data(self) -> bool:
        is_lost = self.action == "Remove" or self.replacement in {"True", "Conditional"}
        return self.kind in HOLDS_DATA and is_lost and self.action != "Import"


@dataclass(frozen=True)
class Wish:
    """What the stack shall become. `release` is its template's, where that may stand already."""

    kind: str
    template_url: str
    parameters: Sequence[Mapping[str, Any]]
    watched_alarms: Sequence[str] = ()
    imports: Sequence[Mapping[str, Any]] = ()
    release: str = ""

    def stands(self, stack: Stack) -> bool:
        """CloudFormation would not say so: the API is deployed anew by every change set, so none is ever empty."""
        now = stack.standing() if self.kind == UPDATE else None
        wanted = {each["ParameterKey"]: each["ParameterValue"] for each in self.parameters if "ParameterValue" in each}
        is_as_wanted = now and now.status in _AS_ASKED and wanted.items() <= now.parameters.items()
        return bool(is_as_wanted) and self.release == release_of(stack.template())


@dataclass(frozen=True)
class ChangeSet:
    ground: Ground
    wish: Wish
    arn: str
    changes: Sequence[Change]

    @property
    def lossy(self) -> list[str]:
        return sorted(change.logical_id for change in self.changes if change.loses_data)

    def execute(self) -> None:
        self.ground.aws.call("cloudformation", "execute-change-set", change_set_name=self.arn)
        self.ground.terminal.say("carrying it out; this takes minutes")
        Stack(self.ground).wait(_ENDS[self.wish.kind])

    def drop(self) -> None:
        self.ground.aws.call("cloudformation", "delete-change-set", change_set_name=self.arn)


def make_change_set(ground: Ground, wish: Wish) -> ChangeSet | None:
    """None when there is nothing to change."""
    made = ground.aws.call(
        "cloudformation",
        "create-change-set",
        stack_name=ground.prefix,
        change_set_name=f"change-{ids.ulid()}",
        change_set_type=wish.kind,
        parameters=wish.parameters or None,
        capabilities=_CAPABILITIES,
        rollback_configuration=_rollback(wish.watched_alarms),
        resources_to_import=wish.imports or None,
        template_url=wish.template_url,
    )
    said = _described(ground, made["Id"])
    change_set = ChangeSet(ground, wish, made["Id"], [_change(each["ResourceChange"]) for each in said["Changes"]])
    if said["Status"] == "FAILED":
        change_set.drop()
        if any(words in said.get("StatusReason", "") for words in _EMPTY):
            return None
        raise Halt(f"CloudFormation does not accept the change: {said.get('StatusReason', 'no reason given')}")
    return change_set


def table(changes: Iterable[Change]) -> list[str]:
    rows = [("action", "resource", "type", "replaced"), *sorted(_row(change) for change in changes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _described(ground: Ground, arn: str) -> Mapping[str, Any]:
    try:
        ground.aws.call("cloudformation", "wait change-set-create-complete", change_set_name=arn)
    except Refused:
        said = ground.aws.call("cloudformation", "describe-change-set", change_set_name=arn)
        if said["Status"] == "FAILED":  # an empty one ends like this, too
            return dict(said)
        raise
    return dict(ground.aws.call("cloudformation", "describe-change-set", change_set_name=arn))


def _rollback(alarms: Sequence[str]) -> dict[str, Any]:
    """Said even without alarms: CloudFormation would go on with those of the last change."""
    triggers = [{"Arn": arn, "Type": "AWS::CloudWatch::Alarm"} for arn in alarms]
    return {"RollbackTriggers": triggers, "MonitoringTimeInMinutes": _WATCHED_MINUTES if triggers else 0}


def _change(said: Mapping[str, Any]) -> Change:
    return Change(said["Action"], said["LogicalResourceId"], said["ResourceType"], said.get("Replacement", ""))


def _row(change: Change) -> tuple[str, str, str, str]:
    replaced = {"": "-", "False": "no", "True": "YES", "Conditional": "perhaps"}[change.replacement]
    return change.action, change.logical_id, change.kind, replaced
