from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from infra.packaging.archive import key_of, pack, unzipped_bytes


def _tree(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n")
    return folder


def test_the_same_files_make_the_same_archive_whatever_their_times_rights_and_order(tmp_path: Path) -> None:
    one = _tree(tmp_path / "one", "b.py", "a/c.py")
    other = _tree(tmp_path / "other", "a/c.py", "b.py")
    os.utime(other / "b.py", (1, 1))
    (other / "b.py").chmod(0o700)
    pack(one, tmp_path / "one.zip")
    pack(other, tmp_path / "other.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()


def test_another_content_makes_another_key(tmp_path: Path) -> None:
    tree = _tree(tmp_path / "tree", "a.py")
    pack(tree, tmp_path / "before.zip")
    (tree / "a.py").write_text("changed\n")
    pack(tree, tmp_path / "after.zip")
    before, after = key_of("code", tmp_path / "before.zip"), key_of("code", tmp_path / "after.zip")
    assert before != after
    assert before.startswith("code-")


def test_lambda_may_read_every_file(tmp_path: Path) -> None:
    tree = _tree(tmp_path / "tree", "a.py")
    (tree / "a.py").chmod(0o600)
    pack(tree, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        (entry,) = archive.infolist()
    assert (entry.filename, entry.external_attr >> 16 & 0o777) == ("a.py", 0o644)
    assert unzipped_bytes(tmp_path / "a.zip") == len("# a.py\n")


def test_an_archive_replaces_the_one_before_and_leaves_nothing_else(tmp_path: Path) -> None:
    tree = _tree(tmp_path / "tree", "a.py")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.zip").write_text("half an archive")
    pack(tree, tmp_path / "out" / "a.zip")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.zip"]
    assert zipfile.is_zipfile(tmp_path / "out" / "a.zip")


@pytest.mark.parametrize("content", [b"", b"\0" * 100_000])
def test_empty_and_dull_files_survive(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "x").write_bytes(content)
    pack(tmp_path / "tree", tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.read("x") == content
