"""Which of a template's conditions hold under given parameters, as CloudFormation judges them: for who reads a template
as it would stand. What is not said of the parameters is their default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.packaging.merge import Template


@dataclass(frozen=True)
class Conditions:
    template: Template
    parameters: Mapping[str, str] = field(default_factory=dict)

    def hold(self, name: str) -> bool:
        return self._judge(self.template["Conditions"][name])

    def standing(self) -> dict[str, Any]:
        """The resources that there would be."""
        resources: Mapping[str, Any] = self.template["Resources"]
        return {
            name: each for name, each in resources.items() if "Condition" not in each or self.hold(each["Condition"])
        }

    def _judge(self, said: Mapping[str, Any]) -> bool:
        match said:
            case {"Condition": str(name)}:
                return self.hold(name)
            case {"Fn::Equals": [one, other]}:
                return self._value(one) == self._value(other)
            case {"Fn::Not": [inner]}:
                return not self._judge(inner)
            case {"Fn::And": inner}:
                return all(map(self._judge, inner))
            case {"Fn::Or": inner}:
                return any(map(self._judge, inner))
        raise ValueError(f"{said} is no condition that is understood here")

    def _value(self, said: Any) -> str:
        if not isinstance(said, Mapping):
            return str(said)
        name = said["Ref"]
        return self.parameters[name] if name in self.parameters else str(self.template["Parameters"][name]["Default"])
