"""CloudFormation as the stand-in does it: change sets over templates that lie in its buckets, states, waiters, events."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from infra.packaging.conditions import Conditions
from tests.fakes.aws_state import ACCOUNT, Line, Says, State

_STEADY = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"})
_NAMED = {"AWS::DynamoDB::Table": "TableName", "AWS::S3::Bucket": "BucketName"}
_MOST_TRIGGERS = 5
_NO_CHANGE = "The submitted information didn't contain changes. Submit different information to create a change set."


def describe_stacks(state: State, line: Line) -> Any:
    stack = _stack(state, line.one("stack-name"))
    said = {
        "StackName": line.one("stack-name"),
        "StackStatus": stack["status"],
        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in stack["parameters"].items()],
        "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in _outputs(state, stack).items()],
    }
    protection = {"EnableTerminationProtection": stack.get("is_protected", False)}
    return {"Stacks": [{name: value for name, value in said.items() if value} | protection]}


def update_termination_protection(state: State, line: Line) -> Any:
    _stack(state, line.one("stack-name"))["is_protected"] = "enable-termination-protection" in line.flags
    return {"StackId": line.one("stack-name")}


def create_change_set(state: State, line: Line) -> Any:
    name, kind = line.one("stack-name"), line.one("change-set-type")
    stack = state.stacks.get(name)
    _must_fit(kind, stack, name)
    if len((line.json("rollback-configuration") or {}).get("RollbackTriggers", [])) > _MOST_TRIGGERS:
        raise Says("ValidationError", "Member must have length less than or equal to 5")
    template = _template(state, line.one("template-url"))
    parameters = _parameters(template, line.json("parameters") or [], stack)
    arn = f"arn:aws:cloudformation:{state.region}:{ACCOUNT}:changeSet/{line.one('change-set-name')}/1"
    if arn in state.change_sets:
        raise Says("AlreadyExistsException", f"ChangeSet {line.one('change-set-name')} already exists")
    imported = {each["LogicalResourceId"]: each for each in line.json("resources-to-import") or []}
    changes = _changes(stack, template, parameters, imported)
    is_empty = not changes and stack is not None and stack["parameters"] == parameters
    fault = state.fault_of_change or (_NO_CHANGE if is_empty else "")
    state.change_sets[arn] = {
        "stack": name,
        "kind": kind,
        "template": template,
        "parameters": parameters,
        "imported": imported,
        "changes": changes,
        "status": "FAILED" if fault else "CREATE_COMPLETE",
        "reason": fault,
    }
    if stack is None:
        state.stacks[name] = _shell()
    return {"Id": arn, "StackId": name}


def describe_change_set(state: State, line: Line) -> Any:
    found = _change_set(state, line)
    changes = [{"Type": "Resource", "ResourceChange": each} for each in found["changes"]]
    said = {"ChangeSetId": line.one("change-set-name"), "Status": found["status"], "Changes": changes}
    return said | ({"StatusReason": found["reason"]} if found["reason"] else {})


def delete_change_set(state: State, line: Line) -> Any:
    state.change_sets.pop(line.one("change-set-name"), None)
    return ""


def execute_change_set(state: State, line: Line) -> Any:
    wanted = _change_set(state, line)
    stack = state.stacks[wanted["stack"]]
    end = state.ends.pop(0) if state.ends else f"{wanted['kind']}_COMPLETE"
    if end == f"{wanted['kind']}_COMPLETE":
        _must_have_archives(state, wanted)
        stack |= {"template": wanted["template"], "parameters": wanted["parameters"]}
        made = _physical(wanted)
        stack["resources"] = made | {name: each for name, each in stack["resources"].items() if name in made}
        _make_buckets(state, stack)
    stack["status"] = end
    stack["events"] = _events(wanted["stack"], wanted["kind"], end)
    state.change_sets.clear()
    return ""


def wait(state: State, line: Line) -> Any:
    event = line.words[0]
    if event == "change-set-create-complete":
        _must_end(_change_set(state, line)["status"] == "CREATE_COMPLETE", event)
    elif event == "stack-delete-complete":
        _must_end(line.one("stack-name") not in state.stacks, event)
    else:
        wanted = event.removeprefix("stack-").replace("-", "_").upper()
        _must_end(_stack(state, line.one("stack-name"))["status"] == wanted, event)
    return ""


def get_template(state: State, line: Line) -> Any:
    return {
        "TemplateBody": _stack(state, line.one("stack-name"))["template"],
        "StagesAvailable": ["Original", "Processed"],
    }


def list_stack_resources(state: State, line: Line) -> Any:
    stack = _stack(state, line.one("stack-name"))
    return {
        "StackResourceSummaries": [
            {
                "LogicalResourceId": name,
                "PhysicalResourceId": physical,
                "ResourceType": stack["template"]["Resources"][name]["Type"],
                "ResourceStatus": stack.get("gone", {}).get(name, "CREATE_COMPLETE"),
            }
            for name, physical in stack["resources"].items()
        ]
    }


def describe_stack_events(state: State, line: Line) -> Any:
    return {"StackEvents": _stack(state, line.one("stack-name"))["events"]}


def delete_stack(state: State, line: Line) -> Any:
    stack = state.stacks.get(line.one("stack-name"))
    if stack is None:
        return ""
    if stack.get("is_protected"):
        raise Says(
            "ValidationError",
            f"Stack [{line.one('stack-name')}] cannot be deleted while TerminationProtection is enabled",
        )
    if state.ends:
        stack["status"] = state.ends.pop(0)
        stack["events"] = _events(line.one("stack-name"), "DELETE", stack["status"])
        return ""
    for name, physical in stack["resources"].items():
        resource = stack["template"]["Resources"][name]
        if resource["Type"] == "AWS::S3::Bucket" and resource.get("DeletionPolicy") is None:
            if state.buckets[physical]["objects"]:
                stack["status"] = "DELETE_FAILED"
                return ""
            del state.buckets[physical]
    del state.stacks[line.one("stack-name")]
    return ""


def _stack(state: State, name: str) -> Any:
    if name not in state.stacks:
        raise Says("ValidationError", f"Stack with id {name} does not exist")
    return state.stacks[name]


def _shell() -> dict[str, Any]:
    return {
        "status": "REVIEW_IN_PROGRESS",
        "parameters": {},
        "template": {"Resources": {}},
        "resources": {},
        "events": [],
    }


def _must_fit(kind: str, stack: Mapping[str, Any] | None, name: str) -> None:
    is_new = stack is None or stack["status"] == "REVIEW_IN_PROGRESS"
    if is_new and kind == "UPDATE":
        raise Says("ValidationError", f"Stack [{name}] does not exist")
    if not is_new and kind == "CREATE":
        raise Says("ValidationError", f"Stack [{name}] already exists and cannot be created again with the changeSet")
    if not is_new and stack and stack["status"] not in _STEADY:
        raise Says("ValidationError", f"Stack:{name} is in {stack['status']} state and can not be updated.")


def _template(state: State, url: str) -> Any:
    host, _, key = url.removeprefix("https://").partition("/")
    objects = state.buckets.get(host.partition(".s3.")[0], {}).get("objects", {})
    if key not in objects:
        raise Says("ValidationError", "S3 error: The specified key does not exist.")
    return json.loads(objects[key])


def _parameters(template: Mapping[str, Any], said: list[Any], stack: Mapping[str, Any] | None) -> dict[str, str]:
    declared = template.get("Parameters", {})
    unknown = sorted(each["ParameterKey"] for each in said if each["ParameterKey"] not in declared)
    if unknown:
        raise Says("ValidationError", f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    values = {name: str(each["Default"]) for name, each in declared.items() if "Default" in each}
    for each in said:
        before = stack["parameters"] if stack else {}
        if each.get("UsePreviousValue") and each["ParameterKey"] not in before:
            raise Says("ValidationError", "Invalid input for parameter key; cannot specify usePreviousValue as true")
        values[each["ParameterKey"]] = (
            before[each["ParameterKey"]] if each.get("UsePreviousValue") else each["ParameterValue"]
        )
    if missing := sorted(declared.keys() - values.keys()):
        raise Says("ValidationError", f"Parameters: [{', '.join(missing)}] must have values")
    return values


def _changes(stack: Any, template: Any, parameters: Mapping[str, str], imported: Mapping[str, Any]) -> list[Any]:
    before = _resolved(stack["template"], stack["parameters"]) if stack else {}
    after = _resolved(template, parameters)
    changes = []
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            changes.append(_change("Import" if name in imported else "Add", name, after[name]))
        elif name not in after:
            changes.append(_change("Remove", name, before[name]))
        elif before[name] != after[name] or after[name].get("Properties", {}).get("AlwaysDeploy"):
            named = _NAMED.get(after[name]["Type"], "")
            moved = before[name].get("Properties", {}).get(named) != after[name].get("Properties", {}).get(named)
            changes.append(_change("Modify", name, after[name]) | {"Replacement": str(moved)})
    return changes


def _change(action: str, name: str, resource: Mapping[str, Any]) -> dict[str, Any]:
    return {"Action": action, "LogicalResourceId": name, "ResourceType": resource["Type"], "Scope": [], "Details": []}


def _resolved(template: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """Parameters put in, which is all the intrinsics that a change shows through; what stands under no condition that
    does not hold.
    """
    text = json.dumps(Conditions(dict(template), parameters).standing())
    for name, value in parameters.items():
        text = text.replace(json.dumps({"Ref": name}), json.dumps(value)).replace(f"${{{name}}}", value)
    resolved: dict[str, Any] = json.loads(text, object_hook=_substituted)
    return resolved


def _substituted(mapping: dict[str, Any]) -> Any:
    return mapping["Fn::Sub"] if mapping.keys() == {"Fn::Sub"} else mapping


def _change_set(state: State, line: Line) -> Any:
    name = line.one("change-set-name")
    if name not in state.change_sets:
        raise Says("ChangeSetNotFound", f"ChangeSet [{name}] does not exist")
    return state.change_sets[name]


def _must_have_archives(state: State, wanted: Mapping[str, Any]) -> None:
    """Lambda would complain here that S3 has no such key."""
    for resource in _resolved(wanted["template"], wanted["parameters"]).values():
        code = resource.get("Properties", {}).get("CodeUri")
        assert code is None or code["Key"] in state.buckets[code["Bucket"]]["objects"], code


def _make_buckets(state: State, stack: Mapping[str, Any]) -> None:
    for name, physical in stack["resources"].items():
        if stack["template"]["Resources"][name]["Type"] == "AWS::S3::Bucket":
            state.buckets.setdefault(physical, {"region": state.region, "objects": {}, "settings": []})


def _physical(wanted: Mapping[str, Any]) -> dict[str, str]:
    made = {}
    for name, resource in _resolved(wanted["template"], wanted["parameters"]).items():
        given = resource.get("Properties", {}).get(_NAMED.get(resource["Type"], "-"))
        made[name] = given or f"{wanted['stack']}-{name}-1"
        if name in wanted["imported"]:
            [made[name]] = wanted["imported"][name]["ResourceIdentifier"].values()
    return made


def _outputs(state: State, stack: Mapping[str, Any]) -> dict[str, str]:
    names = stack["template"].get("Outputs", {})
    values = {"EndpointURL": state.endpoint, "SdkBucketName": stack["resources"].get("SdkBucket", "")}
    if stack["parameters"].get("DomainName"):
        values["DomainTarget"] = "d-abc.execute-api.eu-central-1.amazonaws.com"
    if stack["parameters"].get("SdkDomainName"):
        values["SdkTarget"] = "d111.cloudfront.net"
    return {name: value for name, value in values.items() if name in names}


def _events(name: str, kind: str, end: str) -> list[Any]:
    events = [{"LogicalResourceId": name, "ResourceStatus": end}]
    if "ROLLBACK" in end or end.endswith("FAILED"):
        told = "Resource handler returned message: the role is wrong"
        events += [
            {
                "LogicalResourceId": "Tick",
                "ResourceStatus": f"{kind}_FAILED",
                "ResourceStatusReason": "Resource cancelled",
            },
            {"LogicalResourceId": "Send", "ResourceStatus": f"{kind}_FAILED", "ResourceStatusReason": told},
        ]
    started = {"ResourceStatus": f"{kind}_IN_PROGRESS", "ResourceStatusReason": "User Initiated"}
    return [*events, {"LogicalResourceId": name, **started}]


def _must_end(is_well: bool, event: str) -> None:
    if not is_well:
        name = "".join(part.title() for part in event.split("-"))
        raise Says("", f"Waiter {name} failed: Waiter encountered a terminal failure state")


ANSWERS: Mapping[str, Callable[[State, Line], Any]] = {
    f"cloudformation {answer.__name__.replace('_', '-')}": answer
    for answer in (
        describe_stacks,
        update_termination_protection,
        create_change_set,
        describe_change_set,
        delete_change_set,
        execute_change_set,
        wait,
        get_template,
        list_stack_resources,
        describe_stack_events,
        delete_stack,
    )
}
