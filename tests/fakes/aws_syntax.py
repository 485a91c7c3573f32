"""The grammar of `aws` command lines, from botocore's service models, which the CLI itself is generated from.

Keeps the stand-in of the CLI honest, and the commands in the runbooks real. Shell variables pass for any value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.validate import ParamValidator

_ALIASES = {"s3api": "s3"}
_GLOBAL = {"region": 1, "output": 1, "query": 1, "profile": 1, "endpoint-url": 1, "no-cli-pager": 0, "no-paginate": 0}
_ANY_OPERATION = {"cli-input-json": 1, "cli-binary-format": 1}
_PAGING = {"max-items": 1, "page-size": 1, "starting-token": 1}
_CUSTOM = {  # commands that are the CLI's own: their flags, and how many words they take
    ("configure", "get"): (frozenset[str](), 1),
    ("configure", "set"): (frozenset[str](), 2),
    ("sso", "login"): (frozenset({"profile"}), 0),
    ("logs", "tail"): (frozenset({"since", "follow", "filter-pattern", "format"}), 1),
    ("s3", "ls"): (frozenset({"recursive"}), 1),
    ("s3", "cp"): (frozenset({"recursive"}), 2),
}
_SHELL = re.compile(r"\$")

Flags = Mapping[str, Sequence[str]]


def faults(line: Sequence[str]) -> list[str]:
    """What the CLI would say against this line, `aws` itself left out. Empty when it would run."""
    if len(line) < 2:
        return ["no operation is named"]
    service, operation, *rest = line
    words, flags = _parsed(rest)
    own = {name: values for name, values in flags.items() if name not in _GLOBAL}
    if (service, operation) in _CUSTOM:
        return list(_custom_faults(service, operation, words, own))
    return [f"{service} {operation}: {fault}" for fault in _operation_faults(service, operation, words, own)]


def parse(line: Sequence[str]) -> tuple[list[str], dict[str, list[str]]]:
    """A good line's words and flags."""
    return _parsed(line)


def _parsed(rest: Sequence[str]) -> tuple[list[str], dict[str, list[str]]]:
    words: list[str] = []
    flags: dict[str, list[str]] = {}
    taking = words
    for word in rest:
        if word.startswith("--") and len(word) > 2:
            taking = flags.setdefault(word[2:], [])
        else:
            taking.append(word)
    return words, flags


def _custom_faults(service: str, operation: str, words: Sequence[str], flags: Flags) -> Iterator[str]:
    known, count = _CUSTOM[service, operation]
    yield from (f"{service} {operation} knows no --{name}" for name in flags if name not in known)
    if len(words) != count:
        yield f"{service} {operation} takes {count} words, not {len(words)}"


def _operation_faults(service: str, operation: str, words: list[str], flags: Flags) -> Iterator[str]:
    model = _service(_ALIASES.get(service, service))
    if model is None:
        yield "there is no such service"
        return
    if operation == "wait":
        waiter = words.pop(0) if words else ""
        operation = _waiters(_ALIASES.get(service, service)).get(waiter, "")
    found = _operations(_ALIASES.get(service, service)).get(operation)
    if found is None:
        yield "there is no such operation"
        return
    shape = model.operation_model(found).input_shape
    members: Mapping[str, Shape] = shape.members if shape else {}
    takes = 1 if model.operation_model(found).has_streaming_output else 0
    if len(words) != takes:
        yield f"takes {takes} words beside its flags, not {words}"
    yield from _flag_faults(shape, {xform_name(name, "-"): name for name in members}, flags)


def _flag_faults(shape: StructureShape | None, names: Mapping[str, str], flags: Flags) -> Iterator[str]:
    given: dict[str, Any] = {}
    for flag, values in flags.items():
        negated = flag.removeprefix("no-")
        if flag in names and shape:
            try:
                given[names[flag]] = _value(shape.members[names[flag]], values)
            except ValueError as error:
                yield f"--{flag}: {error}"
        elif negated in names and shape and shape.members[names[negated]].type_name == "boolean" and not values:
            given[names[negated]] = False
        elif len(values) != (_ANY_OPERATION | _PAGING).get(flag, -1):
            yield f"--{flag} is unknown"
    if shape and "cli-input-json" not in flags:
        yield from _missing(shape, given)


def _missing(shape: StructureShape, given: Mapping[str, Any]) -> Iterator[str]:
    known = {name: value for name, value in given.items() if value is not _UNKNOWN}
    report = ParamValidator().validate(known, shape)
    if report.has_errors():
        missing = {xform_name(name, "-") for name in shape.required_members if name not in given}
        yield from (f"--{name} is missing" for name in sorted(missing))
        excused = any(name in given and name not in known for name in shape.required_members)
        if not missing and not excused:
            yield " ".join(report.generate_report().split())


_UNKNOWN = object()  # a shell variable: whatever it holds


def _value(shape: Shape, values: Sequence[str]) -> Any:
    if any(_SHELL.search(value) for value in values):
        return _UNKNOWN
    if shape.type_name == "boolean":
        if values:
            raise ValueError("takes no value")
        return True
    if isinstance(shape, ListShape) and not isinstance(shape.member, ListShape | MapShape | StructureShape):
        return _json(values[0]) if values and values[0].startswith("[") else [_scalar(shape.member, v) for v in values]
    if isinstance(shape, ListShape) and len(values) > 1:
        return [_nested(shape.member, value) for value in values]
    if len(values) != 1:
        raise ValueError(f"takes one value, not {list(values)}")
    nested = isinstance(shape, ListShape | MapShape | StructureShape)
    return _nested(shape, values[0]) if nested else _scalar(shape, values[0])


def _nested(shape: Shape, text: str) -> Any:
    if text.startswith(("{", "[")):
        return _json(text)
    if text.startswith("file://"):
        return _UNKNOWN
    value = _shorthand(shape.member if isinstance(shape, ListShape) else shape, text)
    return [value] if isinstance(shape, ListShape) else value


def _shorthand(shape: Shape, text: str) -> Any:
    """`Key=a,Value=b`, as far as our pages use it: no nesting."""
    pairs = dict(pair.split("=", 1) for pair in text.split(",") if "=" in pair)
    if isinstance(shape, StructureShape):
        unknown = pairs.keys() - shape.members.keys()
        if unknown or not pairs:
            raise ValueError(f"{text!r} is no {shape.name}")
        return {name: _scalar(shape.members[name], value) for name, value in pairs.items()}
    return pairs


def _scalar(shape: Shape, text: str) -> Any:
    allowed = getattr(shape, "enum", [])
    if allowed and text not in allowed:
        raise ValueError(f"{text!r} is none of {', '.join(allowed)}")
    if shape.type_name in {"integer", "long"}:
        return int(text)
    if shape.type_name == "boolean":
        return {"true": True, "false": False}[text]
    return text.encode() if shape.type_name == "blob" else text


def _json(text: str) -> Any:
    return json.loads(text)


@cache
def _session() -> Any:
    return botocore.session.Session()


@cache
def _service(name: str) -> Any:
    return _session().get_service_model(name) if name in _session().get_available_services() else None


@cache
def _operations(service: str) -> dict[str, str]:
    return {xform_name(name, "-"): name for name in _service(service).operation_names}


@cache
def _waiters(service: str) -> dict[str, str]:
    """Each with the operation it asks again and again, whose parameters are its own."""
    model = _session().get_waiter_model(service)
    return {xform_name(name, "-"): xform_name(model.get_waiter(name).operation, "-") for name in model.waiter_names}
