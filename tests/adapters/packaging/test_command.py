"""The command as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.package import main


def test_an_unknown_stage_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stage", "staging", "--into", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert said.err == "package: stage 'staging' is not in .chalice/config.json, which knows dev, prod\n"
    assert said.out == ""


@pytest.mark.slow
def test_a_folder_may_be_named_from_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--stage", "dev", "--template-only", "--into", "d9"]) == 0
    assert (tmp_path / "d9" / "dev" / "template.json").exists()


@pytest.mark.slow
def test_a_template_alone_is_not_for_deploying(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stage", "dev", "--template-only", "--into", str(tmp_path)]) == 0
    assert [path.name for path in (tmp_path / "dev").iterdir()] == ["template.json"]
    word, _, figures = capsys.readouterr().out.splitlines()[-1].partition(" ")
    functions = json.loads((tmp_path / "dev" / "template.json").read_text())["Resources"].values()
    assert word == "PACKAGE"
    assert json.loads(figures) == {
        "functions": sum(resource["Type"] == "AWS::Serverless::Function" for resource in functions),
        "unzipped_mb": None,
        "lint_errors": 0,
        "wildcards": 0,
    }
