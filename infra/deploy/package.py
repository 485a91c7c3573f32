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

import msgspec

from infra.deploy.halt import Halt
from infra.package import ROOT
from infra.packaging.release import CHANGED, Manifest
from infra.packaging.stage import Stage

_COMMIT_LETTERS = 12


@dataclass(frozen=True)
class Package:
    folder: Path
    manifest: Manifest

    @cached_property
    def template(self) -> Mapping[str, Any]:
        template: Mapping[str, Any] = json.loads(self.template_path.read_text())
        return template

    @property
    def template_path(self) -> Path:
        return self.folder / self.manifest.template

    @property
    def archives(self) -> list[Path]:
        return [self.folder / name for name in self.manifest.archives]

    @property
    def release(self) -> str:
        """The same content is the same release, however often it is packed."""
        return release_of(self.template)

    @property
    def is_changed(self) -> bool:
        """Of a tree that is not what was committed."""
        return (self.manifest.commit or "").endswith(CHANGED)

    @property
    def commit(self) -> str:
        """As people know it."""
        head, _, change = (self.manifest.commit or "unknown").partition("-")
        return "-".join(part for part in (head[:_COMMIT_LETTERS], change) if part)


def release_of(template: Mapping[str, Any]) -> str:
    """A template names its archives by their content, so it is the whole release. CloudFormation keeps ASCII only."""
    text = json.dumps(template, sort_keys=True, ensure_ascii=False)
    return sha256(text.encode("ascii", "replace")).hexdigest()[:12]


def pack(stage: Stage) -> Path:
    program = [sys.executable, "-m", "infra.package", "--stage", stage.name]
    if subprocess.run(program, cwd=ROOT, check=False).returncode:
        raise Halt("The package could not be made; it says why above.")
    return ROOT / "dist" / stage.name


def read_package(folder: Path, *, stage: Stage) -> Package:
    again = f"Make it again: make package STAGE={stage.name}"
    try:
        manifest = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=Manifest)
        wrong = [name for name, digest in manifest.sha256.items() if _digest(folder / name) != digest]
    except (OSError, msgspec.MsgspecError) as error:
        raise Halt(f"{folder} holds no whole package: {error}", then=again) from None
    wrong += sorted({manifest.template, *manifest.archives} - manifest.sha256.keys())
    if wrong:
        raise Halt(f"{folder}: {', '.join(wrong)} is not what the manifest says.", then=again)
    if manifest.stage != stage.name:
        raise Halt(f"{folder} is a package of {manifest.stage}, not of {stage.name}.", then=again)
    return Package(folder, manifest)


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
