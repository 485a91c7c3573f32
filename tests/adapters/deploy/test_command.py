"""The command itself, as a process of its own with a stand-in `aws` on its PATH."""

from __future__ import annotations

import subprocess
import sys
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.deploy.__main__ import _smoke
from tests.adapters.deploy.dist import write_package, write_sdk
from tests.adapters.deploy.scene import PREFIX, ROOT, Scene, halted
from tests.fakes.aws_cloud import Cloud
from tests.fakes.aws_syntax import faults

Done = subprocess.CompletedProcess[str]


@dataclass
class Shell:
    folder: Path

    def run(self, *words: str, region: str | None = "eu-central-1") -> Done:
        environment = {"PATH": str(self.folder), "TMPDIR": str(self.folder)}
        if region:
            environment["AWS_REGION"] = region
        program = [sys.executable, "-m", "infra.deploy", *words]
        return subprocess.run(
            program, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )

    def deploy(self, *words: str) -> Done:
        folders = ["--package", str(self.folder / "dist"), "--sdk", str(self.folder / "sdk")]
        return self.run("deploy", "--stage", "prod", *folders, *words)

    @property
    def cloud(self) -> Cloud:
        return Cloud.load(self.folder / "cloud.json")


@pytest.fixture
def shell(scene: Scene) -> Shell:
    folder = scene.folder
    write_package(folder / "dist")
    write_sdk(folder / "sdk")
    scene.cloud.executable(folder)
    return Shell(folder)


@pytest.mark.slow
def test_the_life_of_an_installation_ends_well_and_its_secrets_are_nowhere_to_be_read(shell: Shell) -> None:
    unsaid = ["--domain", "", "--mail-from", "", "--replace", "", "--region", ""]  # make hands over what it has not
    said = [shell.deploy("--yes", *unsaid)]
    secrets = shell.cloud.state.secrets
    assert len(secrets) == 3, said[0].stderr
    said += [shell.run(command, "--stage", "prod") for command in ("smoke", "operator-key")]
    said += [shell.run("teardown", "--stage", "prod", "--yes", "--data", PREFIX)]
    assert [done.returncode for done in said] == [0] * 4, said
    assert [done.stderr for done in said] == [""] * 4
    cloud = shell.cloud
    assert [value for value in secrets.values() if value in f"{cloud.lines} {said}"] == []
    assert [fault for line in cloud.lines for fault in faults(line)] == []
    assert cloud.state.buckets == {}
    assert sorted(path.name for path in shell.folder.iterdir()) == ["aws", "cloud.json", "dist", "sdk"]


def test_a_failure_is_one_line_with_what_to_do_next_and_no_traceback(shell: Shell) -> None:
    cloud = shell.cloud
    cloud.state.stacks[PREFIX] = {"status": "UPDATE_IN_PROGRESS", "parameters": {}, "template": {}, "resources": {}}
    cloud.save(shell.folder)
    done = shell.deploy("--yes")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == f"make deploy: The stack {PREFIX} is in UPDATE_IN_PROGRESS."
    assert done.stderr.splitlines()[1].startswith("  next: ")
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.slow
def test_without_a_yes_and_without_a_terminal_nothing_changes(shell: Shell) -> None:
    done = shell.deploy()
    assert done.returncode == 1
    assert "YES=1" in done.stderr
    assert "cloudformation execute-change-set" not in shell.cloud.calls


def test_no_aws_command_is_said(shell: Shell) -> None:
    (shell.folder / "aws").unlink()
    done = shell.deploy("--yes")
    assert (done.returncode, "no `aws` command" in done.stderr) == (1, True)


def test_not_signed_in_is_said(shell: Shell) -> None:
    cloud = shell.cloud
    cloud.state.is_signed_in = False
    cloud.save(shell.folder)
    done = shell.deploy("--yes")
    assert done.returncode == 1
    assert done.stderr.startswith("make deploy: AWS does not know you: aws sts get-caller-identity: Unable to locate")


def test_no_region_is_said_and_the_configured_one_is_taken(shell: Shell) -> None:
    assert "in account 123456789012, eu-central-1" in shell.run("smoke", "--stage", "prod", region=None).stdout
    cloud = shell.cloud
    cloud.state.region = ""
    cloud.save(shell.folder)
    done = shell.run("smoke", "--stage", "prod", region=None)
    assert (done.returncode, "No region is chosen" in done.stderr) == (1, True)


@pytest.mark.parametrize("stage", ["", "staging", "../prod"])
def test_an_unknown_stage_is_said(shell: Shell, stage: str) -> None:
    done = shell.run("smoke", "--stage", stage)
    assert (done.returncode, "STAGE=prod" in done.stderr) == (1, True)


def test_each_command_says_that_nothing_is_deployed(shell: Shell) -> None:
    for command in ("smoke", "rollback", "operator-key", "teardown"):
        done = shell.run(command, "--stage", "prod", "--yes")
        assert (done.returncode, "Nothing is deployed" in done.stderr) == (1, True), command


def test_a_smoke_test_that_fails_fails_the_command(scene: Scene) -> None:
    scene.deploy()
    scene.api.instead = {"/prod/openapi.json": (200, "text/plain", "")}
    assert "smoke test failed" in str(halted(_smoke, scene.ground(), Namespace()))
