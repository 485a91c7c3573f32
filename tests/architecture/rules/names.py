"""Words that say nothing, refused in the names of our modules, classes and functions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import BaseServer

from tests.architecture.rules.tree import Source, sources

_NEVER = frozenset({"util", "utils", "helper", "helpers", "misc", "manager", "managers"})
_NOT_AS_A_WHOLE = frozenset({"base", "data", "info", "common", "manage", "handle", "process"})
_FIRST = frozenset({"handle", "process", "manage", "do"})
_LAST = frozenset({"Impl", "DTO", "Dto", "Service", "Data", "Info", "Base"})
_TERMS = frozenset({"PushService"})  # RFC 8030's own word for a thing in our world
_CALLERS = (HTMLParser, BaseHTTPRequestHandler, BaseServer)  # they choose the names of what they call
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*|[a-z0-9]+")


def empty_words(root: Path) -> list[str]:
    return [finding for source in sources(root) for finding in _in_source(source)]


def _in_source(source: Source) -> Iterator[str]:
    for part in source.module.split("."):
        if _NEVER & set(_words(part)) or part.strip("_") in _NOT_AS_A_WHOLE:
            yield source.at(1, f"the module name {part!r} says nothing")
    for node in source.statements:
        if isinstance(node, ast.ClassDef) and _is_empty_class(node.name):
            yield source.at(node, f"the class name {node.name!r} holds an empty word")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_empty_function(node.name):
            yield source.at(node, f"the function name {node.name!r} holds an empty word")


def _is_empty_class(name: str) -> bool:
    words = _WORDS.findall(name)
    return bool(_NEVER & set(_words(name)) or words[-1] in _LAST or words[0] == "Base") and name not in _TERMS


def _is_empty_function(name: str) -> bool:
    bare = name.strip("_")
    words = _words(name)
    is_imposed = any(hasattr(caller, name) for caller in _CALLERS) or re.fullmatch("do_[A-Z]+", name) is not None
    begins_empty = len(words) > 1 and words[0] in _FIRST and not is_imposed
    return begins_empty or bool(_NEVER & set(words)) or bare in _NOT_AS_A_WHOLE


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]
