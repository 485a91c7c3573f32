"""Every stage of .chalice/config.json against Settings: nothing missing, nothing that nobody reads, no shared names."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from chalicelib.config import BadSettings, Settings, read

_PER_STAGE = ("PREFIX", "PUBLIC_URL", "KMS_KEY", "BLOBS_BUCKET", "SECRET_JWT", "SECRET_PEPPER", "SECRET_INSTALLATION")


def load(root: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((root / ".chalice" / "config.json").read_text())
    return config


def environment_of(config: Mapping[str, Any], stage: str) -> dict[str, str]:
    """As Chalice merges it: the app's variables, then the stage's."""
    own = config["stages"][stage].get("environment_variables", {})
    return {**config.get("environment_variables", {}), **own}


def misfits(config: Mapping[str, Any]) -> Iterator[str]:
    known = {name.upper() for name in Settings.__struct_fields__}
    for stage in config["stages"]:
        environment = environment_of(config, stage)
        yield from (f"stage {stage}: nobody reads {name}" for name in sorted(environment.keys() - known))
        yield from (f"stage {stage}: {name} is not said" for name in sorted(known - environment.keys()))
        if known <= environment.keys():
            yield from _misread(stage, environment)


def _misread(stage: str, environment: Mapping[str, str]) -> Iterator[str]:
    try:
        settings = read(environment)
    except BadSettings as error:
        yield f"stage {stage}: {error}"
    else:
        if settings.stage != stage:
            yield f"stage {stage} calls itself {settings.stage}"


def shared_names(config: Mapping[str, Any]) -> Iterator[str]:
    """What two stages must never share: one would read and write the other's."""
    for name in _PER_STAGE:
        values = Counter(environment_of(config, stage).get(name) for stage in config["stages"])
        yield from (f"{name} is {value} in {count} stages" for value, count in values.items() if count > 1)


def trusting_stages(config: Mapping[str, Any]) -> Iterator[str]:
    """Chalice guesses permissions from app.py alone, so it must not guess."""
    for stage, own in config["stages"].items():
        if {**config, **own}.get("autogen_policy") is not False:
            yield f"stage {stage} lets Chalice guess its permissions"
