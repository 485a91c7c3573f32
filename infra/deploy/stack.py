"""The stack of a stage, as it stands in CloudFormation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.deploy.aws_cli import Parameter, Refused
from infra.deploy.ground import Ground
from infra.deploy.halt import Halt

_NOT_TAKEN_IN = "IMPORT_ROLLBACK_COMPLETE"  # after a first import, a stack of nothing
_STEADY = frozenset(
    {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", _NOT_TAKEN_IN}
)
_UNBORN = frozenset(
    {"REVIEW_IN_PROGRESS", "DELETE_COMPLETE"}
)  # a first change set that was never executed, or a past life
_STILLBORN = frozenset(
    {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "IMPORT_ROLLBACK_FAILED"}
)
_GOING = frozenset({"REVIEW_IN_PROGRESS", "DELETE_IN_PROGRESS"})
_ABSENT = frozenset({"CREATE_FAILED", "DELETE_COMPLETE", "IMPORT_FAILED", "IMPORT_ROLLBACK_COMPLETE"})
_EVENTS = 200


@dataclass(frozen=True)
class Standing:
    status: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    is_protected: bool = False


@dataclass(frozen=True)
class Resource:
    logical_id: str
    physical_id: str
    kind: str
    status: str

    @property
    def is_there(self) -> bool:
        """Also after the stack's making failed and was undone."""
        return bool(self.physical_id) and self.status not in _ABSENT


@dataclass(frozen=True)
class Stack:
    ground: Ground

    @property
    def name(self) -> str:
        return self.ground.prefix

    def described(self) -> Standing | None:
        """None when CloudFormation has never heard of it, or no longer."""
        try:
            [found] = self._call("describe-stacks")["Stacks"]
        except Refused as refused:
            if refused.code == "ValidationError" and "does not exist" in refused.says:
                return None
            raise
        return Standing(
            status=found["StackStatus"],
            parameters={each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])},
            outputs={each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])},
            is_protected=found.get("EnableTerminationProtection", False),
        )

    def standing(self) -> Standing | None:
        """None when there is none, or only the shell of one."""
        found = self.described()
        return None if found is None or found.status in _UNBORN else found

    def ready(self) -> Standing | None:
        """As `standing`, for who is about to change it. Halts when it cannot be changed now."""
        found = self.standing()
        if found is None or (found.status in _STEADY and not self._is_hollow(found)):
            return found
        raise Halt(f"The stack {self.name} is in {found.status}.", then=self._way_out(found.status))

    def must_stand(self) -> Standing:
        found = self.ready()
        if found is None:
            raise Halt(f"Nothing is deployed as {self.name} here.", then=f"make deploy STAGE={self.ground.stage.name}")
        return found

    def template(self) -> Mapping[str, Any]:
        answer = self._call("get-template", template_stage="Original")
        template: Mapping[str, Any] = answer["TemplateBody"]
        return template

    def resources(self) -> list[Resource]:
        listed = self._call("list-stack-resources")["StackResourceSummaries"]
        return [
            Resource(
                each["LogicalResourceId"],
                each.get("PhysicalResourceId", ""),
                each["ResourceType"],
                each["ResourceStatus"],
            )
            for each in listed
        ]

    def last_failure(self) -> str:
        """What went wrong first in the operation that ended last; the rest follows from it."""
        reason = "CloudFormation gives no reason"
        for event in self._call("describe-stack-events", max_items=_EVENTS)["StackEvents"]:  # newest first
            says = event.get("ResourceStatusReason", "")
            if says == "User Initiated":
                break
            if says and event["ResourceStatus"].endswith(("_FAILED", "ROLLBACK_IN_PROGRESS")):
                reason = f"{event['LogicalResourceId']}: {says}"
        return reason

    def may_go(self) -> Standing | None:
        """As `described`, for who is about to delete it, or to go on deleting it. Halts when it is being changed."""
        found = self.described()
        if found and found.status.endswith("_IN_PROGRESS") and found.status not in _GOING:
            raise Halt(f"The stack {self.name} is in {found.status}.", then=self._way_out(found.status))
        return found

    def protect(self) -> None:
        """From whoever deletes the stack in any other way than ours."""
        found = self.must_stand()
        if self.ground.stage.is_production and not found.is_protected:
            self._call("update-termination-protection", enable_termination_protection=True)

    def lift_protection(self) -> None:
        self._call("update-termination-protection", no_enable_termination_protection=True)

    def delete(self) -> None:
        self._call("delete-stack")
        self.wait("stack-delete-complete")

    def wait(self, event: str) -> None:
        """Halts when it comes to another end; CloudFormation has undone what it had begun by then."""
        try:
            self._call(f"wait {event}")
        except Refused:
            found = self.described()
            status = found.status if found else "gone"
            reason = f"The stack {self.name} ended in {status}. {self.last_failure()}"
            raise Halt(reason, then=self._way_out(status)) from None

    def _call(self, operation: str, **flags: Parameter) -> Any:
        return self.ground.aws.call("cloudformation", operation, stack_name=self.name, **flags)

    def _is_hollow(self, found: Standing) -> bool:
        """Made to take in what a teardown kept, which failed: nothing can be built on it."""
        return found.status == _NOT_TAKEN_IN and not any(each.is_there for each in self.resources())

    def _way_out(self, status: str) -> str:
        stage = self.ground.stage.name
        if status in _STILLBORN | {_NOT_TAKEN_IN}:
            return f"make teardown STAGE={stage} clears it away and keeps the data; then deploy again."
        if status == "UPDATE_ROLLBACK_FAILED":
            return f"aws cloudformation continue-update-rollback --stack-name {self.name}, then deploy again."
        if status.endswith("_IN_PROGRESS"):
            return "Somebody is changing it, or your last command is still at work. Wait for its end and try again."
        return "Mend what it says, then deploy again: it stands as it stood before."
