from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.deploy.package import read_package, release_of
from infra.packaging.stage import read_stage
from tests.adapters.deploy.dist import write_package
from tests.adapters.deploy.scene import ROOT, Scene, halted

PROD = read_stage(ROOT, "prod")


def _altered(folder: Path, **members: object) -> Path:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | members))
    return folder


def test_a_whole_package_is_read(tmp_path: Path) -> None:
    package = read_package(write_package(tmp_path), stage=PROD)
    assert [path.exists() for path in [*package.archives, package.template_path]] == [True] * 3
    assert package.commit == "c0ffee7692c3"


@pytest.mark.parametrize(
    ("commit", "shown"), [(None, "unknown"), ("a" * 40, "a" * 12), ("b" * 40 + "-changed", "b" * 12 + "-changed")]
)
def test_the_commit_is_shown_short(tmp_path: Path, commit: str | None, shown: str) -> None:
    assert read_package(_altered(write_package(tmp_path), commit=commit), stage=PROD).commit == shown


@pytest.mark.parametrize("name", ["template.json", "manifest.json"])
@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", None])
def test_a_package_that_was_touched_is_refused(tmp_path: Path, name: str, content: bytes | None) -> None:
    path = write_package(tmp_path) / name
    path.unlink() if content is None else path.write_bytes(content)
    assert "make package STAGE=prod" in halted(read_package, tmp_path, stage=PROD).then


def test_an_archive_that_is_not_what_it_was_is_refused_by_name(tmp_path: Path) -> None:
    archive = next(write_package(tmp_path).glob("code-*.zip"))
    archive.write_bytes(b"other")
    assert archive.name in str(halted(read_package, tmp_path, stage=PROD))


def test_an_archive_the_manifest_has_no_hash_of_is_refused_by_name(tmp_path: Path) -> None:
    _altered(write_package(tmp_path), archives=["../other.zip"])
    assert "../other.zip" in str(halted(read_package, tmp_path, stage=PROD))


def test_a_package_of_another_stage_is_refused(tmp_path: Path) -> None:
    write_package(tmp_path, stage="dev")
    assert "a package of dev" in str(halted(read_package, tmp_path, stage=PROD))


def test_a_bad_package_is_refused_before_anything_is_made(scene: Scene) -> None:
    write_package(scene.folder / "dist", stage="dev")
    from infra.deploy.deploy import deploy
    from infra.deploy.wishes import Wishes

    halted(deploy, scene.ground(), Wishes(package=scene.folder / "dist"))
    assert scene.cloud.changes == []


def test_the_same_content_is_the_same_release() -> None:
    assert release_of({"a": 1, "b": "x"}) == release_of({"b": "x", "a": 1}) != release_of({"a": 2, "b": "x"})


def test_what_cloudformation_makes_of_other_letters_is_still_the_same_release() -> None:
    assert release_of({"Description": "≥ 6"}) == release_of({"Description": "? 6"})
