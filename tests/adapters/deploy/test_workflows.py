from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.adapters.deploy.scene import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
_ACTION = re.compile(r"[\w-]+/[\w-]+@v\d+")
_TARGET = re.compile(r"\bmake ((?:[a-z][a-z-]*\s?)+)")


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def workflow(request: pytest.FixtureRequest) -> dict[str, Any]:
    path: Path = request.param
    read: dict[str, Any] = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)
    return read


def _steps(workflow: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job["steps"]


def test_there_are_two() -> None:
    assert [path.name for path in WORKFLOWS] == ["ci.yml", "deploy.yml"]


def test_github_would_take_them() -> None:
    program = [str(Path(sys.executable).with_name("check-jsonschema")), "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*program, *map(str, WORKFLOWS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_actions_are_pinned_to_a_major_version(workflow: dict[str, Any]) -> None:
    used = [step["uses"] for step in _steps(workflow) if "uses" in step]
    assert [action for action in used if not _ACTION.fullmatch(action)] == []


def test_they_run_commands_of_the_house_that_exist(workflow: dict[str, Any]) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    lines = [step["run"] for step in _steps(workflow) if "run" in step]
    called = [target for line in lines for target in _TARGET.findall(line)[0].split()]
    assert called
    assert sorted(set(called) - targets) == []


def test_what_others_may_write_never_becomes_part_of_a_command(workflow: dict[str, Any]) -> None:
    assert [step["run"] for step in _steps(workflow) if "${{" in step.get("run", "")] == []


def test_they_may_do_no_more_than_they_need(workflow: dict[str, Any]) -> None:
    own = {name: job.get("permissions", {}) for name, job in workflow["jobs"].items()}
    if "deploy" in own:
        assert workflow["permissions"] == {}
        assert own["deploy"] == {"contents": "read", "id-token": "write"}
    else:
        assert workflow["permissions"] == {"contents": "read"}
        assert not any(own.values())


def test_no_checkout_leaves_its_credentials_behind(workflow: dict[str, Any]) -> None:
    checkouts = [step for step in _steps(workflow) if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert [step for step in checkouts if step["with"].get("persist-credentials") is not False] == []


def test_every_job_ends_some_time(workflow: dict[str, Any]) -> None:
    assert [name for name, job in workflow["jobs"].items() if not 0 < job.get("timeout-minutes", 0) <= 120] == []


def test_tests_run_on_the_oldest_python_and_on_lambdas() -> None:
    read = yaml.load((ROOT / ".github" / "workflows" / "ci.yml").read_text(), Loader=yaml.CSafeLoader)
    assert read["jobs"]["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.13"]


def test_a_deploy_is_asked_for_by_hand_and_one_at_a_time() -> None:
    read = yaml.load((ROOT / ".github" / "workflows" / "deploy.yml").read_text(), Loader=yaml.CSafeLoader)
    assert list(read[True]) == ["workflow_dispatch"]  # YAML 1.1 takes `on` for true
    assert read["concurrency"]["cancel-in-progress"] is False
    assert read["jobs"]["deploy"]["environment"] == "${{ inputs.stage }}"
    assert read[True]["workflow_dispatch"]["inputs"]["stage"]["options"] == ["dev", "prod"]
