"""The template's parameters: what is asked for now, else what the stack has, else what the template says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.deploy.halt import Halt

Values = Mapping[str, str]


def chosen(template: Mapping[str, Any], *, asked: Values, standing: Values) -> list[dict[str, Any]]:
    """As CloudFormation takes them. What an older template does not know is left out."""
    declared: Mapping[str, Any] = template.get("Parameters", {})
    unknown = [name for name in declared if not (name in asked or name in standing) and "Default" not in declared[name]]
    if unknown:
        raise Halt(f"The template asks for {', '.join(unknown)}, and nobody says what that is.", then="Say it.")
    said = [{"ParameterKey": name, "ParameterValue": asked[name]} for name in declared if name in asked]
    kept = [name for name in declared if name in standing and name not in asked]
    return said + [{"ParameterKey": name, "UsePreviousValue": True} for name in kept]
