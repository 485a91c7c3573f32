"""Every attribute that a row of ours may have: the fields of all that the slices' models define."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from dataclasses import fields, is_dataclass
from functools import cache

from chalicelib import features


@cache
def attributes() -> frozenset[str]:
    found: set[str] = {"pk", "sk", "v", "ttl"}
    for module in pkgutil.walk_packages(features.__path__, f"{features.__name__}."):
        if ".model" in module.name:
            for _, kind in inspect.getmembers(importlib.import_module(module.name), is_dataclass):
                found |= {field.name for field in fields(kind)}
    return frozenset(found)
