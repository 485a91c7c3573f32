"""A stage as `.chalice/config.json` describes it: the names of everything that is deployed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.deploy.halt import Halt

CONFIG = Path(".chalice") / "config.json"


@dataclass(frozen=True)
class Stage:
    name: str
    variables: Mapping[str, str]

    @property
    def prefix(self) -> str:
        return self.variables["PREFIX"]

    @property
    def key(self) -> str:
        return self.variables["KMS_KEY"]


def read_stage(name: str, *, config: Path = CONFIG) -> Stage:
    known = json.loads(config.read_text())
    if name not in known["stages"]:
        raise Halt(
            f"There is no stage {name!r}.", then=f"Choose one: {' or '.join(f'STAGE={s}' for s in known['stages'])}"
        )
    own = known["stages"][name].get("environment_variables", {})
    return Stage(name, {**known.get("environment_variables", {}), **own})
