"""The hand-written parts of the template: `infra/resources.yaml`, `infra/overlay` and `infra/policies`."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from infra.packaging.merge import Template, join
from infra.packaging.refusal import Refused

Statements = list[dict[str, Any]]
_MERGE = "tag:yaml.org,2002:merge"  # `<<`, which takes over another mapping and is no key


def read_template(path: Path) -> Template:
    template = _read(path)
    if not isinstance(template, dict):
        raise Refused(f"{path.name} is not a template")
    return template


def read_overlay(folder: Path) -> Template:
    """One file for each subject; no two may speak of the same resource."""
    parts = sorted(folder.glob("*.yaml"))
    if not parts:
        raise Refused(f"infra/{folder.name} holds nothing: production would have no edge and no alarms")
    return join(*map(read_template, parts))


def read_policies(folder: Path) -> dict[str, Statements]:
    """Function names in snake_case with what they may do beyond their own log and queue."""
    policies = {path.stem: _read(path) or [] for path in sorted(folder.glob("*.yaml"))}
    for name, statements in policies.items():
        if not (isinstance(statements, list) and all(isinstance(each, dict) for each in statements)):
            raise Refused(f"policies/{name}.yaml is not a list of statements")
    return policies


class _Strict(yaml.CSafeLoader):
    """YAML lets the second of two equal keys win, in silence."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 -- PyYAML's signature
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != _MERGE]
        if twice := [key for key in keys if keys.count(key) > 1]:
            raise yaml.constructor.ConstructorError(problem=f"{twice[0]} twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def _read(path: Path) -> Any:
    try:
        text = path.read_text()
        return yaml.load(text, Loader=_Strict)  # nosec B506 # noqa: S506 -- a safe loader
    except (OSError, yaml.YAMLError) as error:
        raise Refused(f"{path.name}: {' '.join(str(error).split())}") from None
