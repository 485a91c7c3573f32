from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import msgspec
import pytest

from infra.packaging.archive import Keys, pack
from infra.packaging.refusal import Refused
from infra.packaging.release import MANIFEST, Manifest, Release, commit_of


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return Release.begun(tmp_path / "release")


def _archive(folder: Path, text: str) -> Path:
    (folder / "tree").mkdir(exist_ok=True)
    (folder / "tree" / "a.py").write_text(text)
    pack(folder / "tree", folder / "a.zip")
    return folder / "a.zip"


def _sealed(release: Release, folder: Path) -> Manifest:
    keys = Keys(
        code=release.take_in("code", _archive(folder, "code\n" * 100_000)),
        layer=release.take_in("layer", _archive(folder, "layer\n" * 100_000)),
    )
    release.write_template({"Resources": {}})
    release.seal(keys, stage="prod", commit="abc", bytecode=True)
    return msgspec.json.decode((release.folder / MANIFEST).read_bytes(), type=Manifest)


def test_the_manifest_names_every_file_with_its_hash(release: Release, tmp_path: Path) -> None:
    manifest = _sealed(release, tmp_path)
    files = {path.name for path in release.folder.iterdir()}
    assert files == {MANIFEST, manifest.template, *manifest.archives}
    for name, digest in manifest.sha256.items():
        assert hashlib.sha256((release.folder / name).read_bytes()).hexdigest() == digest
    assert manifest.sha256.keys() == files - {MANIFEST}
    assert manifest.unzipped_mb == 1.1
    assert all(name.partition("-")[2][:16] in manifest.sha256[name] for name in manifest.archives)


def test_a_release_replaces_the_one_before_as_a_whole(release: Release, tmp_path: Path) -> None:
    place = tmp_path / "prod"
    place.mkdir()
    (place / "code-of-yesterday.zip").touch()
    release.write_template({})
    release.publish(place)
    assert [path.name for path in place.iterdir()] == ["template.json"]


def test_a_place_that_cannot_be_cleared_is_refused(release: Release, tmp_path: Path) -> None:
    (tmp_path / "prod").write_text("a file")
    with pytest.raises(Refused, match="prod: Not a directory"):
        release.publish(tmp_path / "prod")


def test_a_commit_is_known_by_its_hash_and_by_what_has_changed_since(tmp_path: Path) -> None:
    assert commit_of(tmp_path) is None
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run([*git, *words], check=True)
    clean = commit_of(tmp_path)
    assert clean is not None
    assert len(clean) == 40
    (tmp_path / "new.py").touch()
    assert commit_of(tmp_path) == f"{clean}-changed"
