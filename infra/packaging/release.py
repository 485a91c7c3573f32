"""What is deployed: a template, the archives it names, and a manifest with their hashes for the deploy command."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from infra.packaging.archive import Keys, key_of, sha256, unzipped_bytes
from infra.packaging.merge import Template
from infra.packaging.refusal import Refused

TEMPLATE, MANIFEST = "template.json", "manifest.json"
CHANGED = "-changed"
_BYTES_PER_MB = 1_000_000


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    stage: str
    commit: str | None  # none outside of git; `CHANGED` behind it when the tree is not what was committed
    template: str
    archives: list[str]
    sha256: dict[str, str]
    unzipped_mb: float
    bytecode: bool


@dataclass(frozen=True)
class Release:
    """A folder in the making."""

    folder: Path

    @classmethod
    def begun(cls, folder: Path) -> Self:
        folder.mkdir()
        return cls(folder)

    @property
    def unzipped_mb(self) -> float:
        return round(sum(map(unzipped_bytes, self.folder.glob("*.zip"))) / _BYTES_PER_MB, 1)

    def take_in(self, kind: str, archive: Path) -> str:
        """Under the name that its content gives it."""
        key = key_of(kind, archive)
        shutil.copyfile(archive, self.folder / key)
        return key

    def write_template(self, template: Template) -> None:
        (self.folder / TEMPLATE).write_text(json.dumps(template, indent=1) + "\n")

    def seal(self, keys: Keys, *, stage: str, commit: str | None, bytecode: bool) -> None:
        archives = [keys.code, keys.layer]
        manifest = Manifest(
            stage=stage,
            commit=commit,
            template=TEMPLATE,
            archives=archives,
            sha256={name: sha256(self.folder / name) for name in (TEMPLATE, *archives)},
            unzipped_mb=self.unzipped_mb,
            bytecode=bytecode,
        )
        (self.folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")

    def publish(self, place: Path) -> None:
        """All at once, so it must stand on the same disk: nobody finds a new template beside old archives."""
        shutil.rmtree(place, ignore_errors=True)
        try:
            self.folder.rename(place)
        except OSError as error:
            raise Refused(f"{place}: {error.strerror}") from None


def commit_of(root: Path) -> str | None:
    head, changes = _git(root, "rev-parse", "HEAD"), _git(root, "status", "--porcelain")
    return f"{head}{CHANGED}" if head and changes else head


def _git(root: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
