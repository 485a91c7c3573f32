"""`make openapi-diff` in a repository of its own: what it compares with, what it prints, how it ends."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.contract.__main__ import UnknownCommit, committed, intended, main, report
from tests.unit.contract.test_rules import BASE, GONE, edited

ADDED = edited("components.schemas.ThingView.properties.name", {"type": "string"})
BROKEN = edited("paths./open", GONE)
SENTENCE = "GET /open: is gone"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "Begin")
    (tmp_path / "docs").mkdir()
    commit(tmp_path, BASE)
    return tmp_path


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


def commit(root: Path, contract: dict[str, Any]) -> None:
    (root / "docs/openapi.json").write_text(json.dumps(contract))
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Say it")


def test_the_last_commit_is_what_counts_not_the_working_tree(repository: Path) -> None:
    (repository / "docs/openapi.json").write_text("{")
    assert committed("HEAD", repository) == BASE


def test_an_older_commit_may_be_named(repository: Path) -> None:
    commit(repository, BROKEN)
    assert committed("HEAD", repository) == BROKEN
    assert committed("HEAD^", repository) == BASE


def test_before_the_first_contract_there_is_nothing_to_break(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert committed("HEAD^", repository) is None
    assert main("HEAD^", root=repository) == 0
    assert "nothing to compare with" in capsys.readouterr().out


@pytest.mark.parametrize("base", ["nope", "", "--help", "HEAD~99"])
def test_a_base_that_is_not_is_said(repository: Path, base: str) -> None:
    with pytest.raises(UnknownCommit):
        committed(base, repository)


def test_additions_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(BASE, ADDED, accepted=set(), base="HEAD") == 0
    assert capsys.readouterr().out.splitlines() == [
        "additive  ThingView.name: is new",
        'CONTRACT {"base": "HEAD", "breaking": 0, "accepted": 0, "additive": 1}',
    ]


def test_a_break_fails_and_says_how_it_would_be_intended(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(BASE, BROKEN, accepted=set(), base="HEAD") == 1
    said = capsys.readouterr().out
    assert said.startswith(f"breaking  {SENTENCE}\n")
    assert "docs/breaking.md" in said
    assert said.endswith('CONTRACT {"base": "HEAD", "breaking": 1, "accepted": 0, "additive": 0}\n')


def test_a_break_that_is_written_down_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/breaking.md").write_text(f"# Breaks\n\nWords.\n\n## 2.0\n- {SENTENCE}\n")
    assert report(BASE, BROKEN, accepted=intended(tmp_path), base="HEAD") == 0
    assert capsys.readouterr().out.startswith(f"accepted  {SENTENCE}\n")


def test_a_break_beside_the_one_that_is_written_down_fails() -> None:
    worse = copy.deepcopy(BROKEN)
    del worse["components"]["schemas"]["ThingView"]["properties"]["id"]
    assert report(BASE, worse, accepted={SENTENCE}, base="HEAD") == 1


def test_without_a_page_nothing_is_intended(tmp_path: Path) -> None:
    assert intended(tmp_path) == set()
