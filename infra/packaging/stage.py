"""A stage of `.chalice/config.json`: its name, and the variables its functions run with, as Chalice merges them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.packaging.refusal import Refused

CONFIG = Path(".chalice", "config.json")


@dataclass(frozen=True)
class Stage:
    name: str
    environment: Mapping[str, str]

    @property
    def prefix(self) -> str:
        return self.environment["PREFIX"]

    @property
    def is_production(self) -> bool:
        """Where people's data is."""
        return self.name == "prod"


def read_stage(root: Path, name: str) -> Stage:
    config = read_config(root)
    stages = config.get("stages", {})
    if name not in stages:
        raise Refused(f"stage {name!r} is not in {CONFIG}, which knows {', '.join(sorted(stages)) or 'none'}")
    environment = config.get("environment_variables", {}) | stages[name].get("environment_variables", {})
    if missing := sorted({"PREFIX", "PUBLIC_URL", "MAIL_FROM"} - environment.keys()):
        raise Refused(f"stage {name} of {CONFIG} does not say {', '.join(missing)}")
    return Stage(name, environment)


def read_config(root: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads((root / CONFIG).read_text())
    except (OSError, ValueError) as error:
        raise Refused(f"{CONFIG}: {error}") from None
    return config
