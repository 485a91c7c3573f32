"""Zip files named by their content: the same files give the same bytes, so what is in the bucket is not sent again."""

from __future__ import annotations

import hashlib
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest time a zip can hold
_READABLE = 0o100644 << 16
_UNIX = 3
_DIGITS = 16


@dataclass(frozen=True)
class Keys:
    """Names of the archives in the bucket."""

    code: str
    layer: str


def pack(tree: Path, archive: Path) -> Path:
    """Whole or not at all, whoever packs the same at the same time."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    unfinished = archive.with_name(f".{archive.name}.{os.getpid()}")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        for path in sorted(path for path in tree.rglob("*") if path.is_file()):
            target.writestr(_entry(path.relative_to(tree).as_posix()), path.read_bytes())
    return unfinished.replace(archive)


def key_of(kind: str, archive: Path) -> str:
    return f"{kind}-{sha256(archive)[:_DIGITS]}.zip"


def sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def unzipped_bytes(archive: Path) -> int:
    with zipfile.ZipFile(archive) as source:
        return sum(entry.file_size for entry in source.infolist())


def _entry(name: str) -> zipfile.ZipInfo:
    """No times, no owner, no umask of the machine it was packed on."""
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = _UNIX
    entry.external_attr = _READABLE
    return entry
