"""What stands in dist/<stage>/: the template, the archives it names, and a manifest that the deploy command reads."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import msgspec

from infra.packaging import archive
from infra.packaging.archive import Keys
from infra.packaging.merge import Template

TEMPLATE = "template.json"
MANIFEST = "manifest.json"
_BYTES_PER_MB = 1_000_000


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    stage: str
    commit: str | None  # None outside of git, `…-changed` when the tree is not what was committed
    template: str
    archives: list[str]
    sha256: dict[str, str]
    unzipped_mb: float
    bytecode: bool


def take_in(kind: str, packed: Path, release: Path) -> str:
    """Puts an archive into the release, under the name that its content gives it."""
    key = archive.key_of(kind, packed)
    shutil.copyfile(packed, release / key)
    return key


def unzipped_mb(archives: Iterable[Path]) -> float:
    return round(sum(map(archive.unzipped_bytes, archives)) / _BYTES_PER_MB, 1)


def write_template(release: Path, template: Template) -> None:
    (release / TEMPLATE).write_text(json.dumps(template, indent=1) + "\n")


def write_manifest(release: Path, keys: Keys, *, stage: str, commit: str | None, bytecode: bool) -> Manifest:
    archives = [keys.code, keys.layer]
    manifest = Manifest(
        stage=stage,
        commit=commit,
        template=TEMPLATE,
        archives=archives,
        sha256={name: archive.sha256(release / name) for name in (TEMPLATE, *archives)},
        unzipped_mb=unzipped_mb(release / name for name in archives),
        bytecode=bytecode,
    )
    (release / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    return manifest


def publish(release: Path, place: Path) -> None:
    """All at once: nobody finds a new template beside old archives."""
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(exist_ok=True)
    release.rename(place)


def commit_of(root: Path) -> str | None:
    head, changes = _git(root, "rev-parse", "HEAD"), _git(root, "status", "--porcelain")
    return f"{head}-changed" if head and changes else head


def _git(root: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
