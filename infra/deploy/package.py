"""What `make package` wrote: one template and its archives, each checked against the manifest."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from infra.deploy.halt import Halt
from infra.deploy.stage import Stage

_PACK_AGAIN = "Make it again: make package STAGE={stage}"


@dataclass(frozen=True)
class Package:
    folder: Path
    manifest: Mapping[str, Any]

    @cached_property
    def template(self) -> Mapping[str, Any]:
        template: Mapping[str, Any] = json.loads(self.template_path.read_text())
        return template

    @property
    def template_path(self) -> Path:
        return self.folder / str(self.manifest["template"])

    @property
    def archives(self) -> list[Path]:
        return [self.folder / name for name in self.manifest["archives"]]

    @property
    def release(self) -> str:
        """The same content is the same release, however often it is packed."""
        return release_of(self.template)

    @property
    def commit(self) -> str:
        return str(self.manifest["commit"])[:12]


def release_of(template: Mapping[str, Any]) -> str:
    """A template names its archives by their content, so it is the whole release. CloudFormation keeps ASCII only."""
    text = json.dumps(template, sort_keys=True, ensure_ascii=False)
    return sha256(text.encode("ascii", "replace")).hexdigest()[:12]


def pack(stage: Stage) -> Path:
    if subprocess.run([sys.executable, "-m", "infra.package", "--stage", stage.name], check=False).returncode:
        raise Halt("The package could not be made; it says why above.")
    return Path("dist") / stage.name


def read_package(folder: Path, *, stage: Stage) -> Package:
    again = _PACK_AGAIN.format(stage=stage.name)
    try:
        package = Package(folder, json.loads((folder / "manifest.json").read_text()))
        wrong = [name for name, digest in package.manifest["sha256"].items() if _digest(folder / name) != digest]
        needed = {package.manifest["template"], *package.manifest["archives"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Halt(f"{folder} holds no whole package ({type(error).__name__}: {error}).", then=again) from None
    wrong += sorted(needed - package.manifest["sha256"].keys())
    if wrong:
        raise Halt(f"{folder}: {', '.join(wrong)} is not what the manifest says.", then=again)
    if package.manifest["stage"] != stage.name:
        raise Halt(f"{folder} is a package of {package.manifest['stage']}, not of {stage.name}.", then=again)
    return package


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
