"""Every regular expression of the product, as it is when its module has been imported, and how it is asked."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.architecture.rules.ambiguity import faults
from tests.architecture.rules.tree import PRODUCT, Source, sources

_AT_ONE_PLACE = {"fullmatch", "match"}
_ASKED = {"fullmatch", "match", "search", "split", "sub", "subn", "findall", "finditer"}
_FLAGS = {name: flag for name, flag in vars(re).items() if isinstance(flag, re.RegexFlag)}


@dataclass(frozen=True)
class Pattern:
    source: Source
    line: int
    text: str | bytes | None  # None: only known when it is too late
    flags: int
    asked: frozenset[str]

    @property
    def name(self) -> str:
        return f"{self.source.name}: {self.text!r}"


def slow_patterns(root: Path, *, harmless: dict[str, str]) -> list[str]:
    """What can be made to take longer than its text is long, but for those that only read what we wrote ourselves."""
    found = list(patterns(root))
    excused = {each.source.name for each in found} & harmless.keys()
    return [
        *(
            each.source.at(each.line, fault)
            for each in found
            for fault in judged(each)
            if each.source.name not in excused
        ),
        *(f"{name} needs no excuse" for name in sorted(harmless) if not _is_needed(found, name)),
    ]


def patterns(root: Path) -> Iterator[Pattern]:
    for source in sources(root, *PRODUCT):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call):
                yield from _in_call(source, node)


def judged(pattern: Pattern) -> list[str]:
    if pattern.text is None:
        return ["a regular expression that is made at run time"]
    return faults(
        pattern.text,
        pattern.flags,
        is_anchored=bool(pattern.asked) and pattern.asked <= _AT_ONE_PLACE,
        must_end="fullmatch" in pattern.asked or not pattern.asked,
    )


def _is_needed(found: list[Pattern], name: str) -> bool:
    return any(judged(each) for each in found if each.source.name == name)


def _in_call(source: Source, call: ast.Call) -> Iterator[Pattern]:
    for keyword in call.keywords:
        if keyword.arg == "pattern":
            yield _pattern(source, keyword.value, 0, frozenset({"search"}))
    match call.func:
        case ast.Attribute(value=ast.Name(id="re"), attr="compile"):
            yield _pattern(source, call.args[0], _flags_of(call), _asked(source, call))
        case ast.Attribute(value=ast.Name(id="re"), attr=how) if how in _ASKED:
            yield _pattern(source, call.args[0], _flags_of(call), frozenset({how}))


def _pattern(source: Source, node: ast.expr, flags: int, asked: frozenset[str]) -> Pattern:
    try:
        text = _value(source, node)
    except (NameError, AttributeError, ImportError):
        text = None
    return Pattern(source, node.lineno, text, flags, asked)


def _value(source: Source, node: ast.expr) -> Any:
    """As the module itself would have it: constants are put together there."""
    if isinstance(node, ast.Constant):
        return node.value
    names = vars(importlib.import_module(source.module))
    return eval(compile(ast.Expression(node), source.name, "eval"), dict(names))


def _flags_of(call: ast.Call) -> int:
    named = [node.attr for argument in call.args[1:] for node in ast.walk(argument) if isinstance(node, ast.Attribute)]
    named += [node.attr for each in call.keywords for node in ast.walk(each.value) if isinstance(node, ast.Attribute)]
    flags = 0
    for name in named:
        flags |= _FLAGS.get(name, 0)
    return flags


def _asked(source: Source, call: ast.Call) -> frozenset[str]:
    """By which methods the name is asked that it is given; by none that we can see, by all."""
    names = {
        target.id
        for node in source.statements
        if isinstance(node, ast.Assign) and node.value is call
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return frozenset(
        node.attr
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names
    )
