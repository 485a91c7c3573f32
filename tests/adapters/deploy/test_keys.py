"""From one key of the installation to the other: a step at a time, and no release brings back a key that is gone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.deploy.dist import archive_of, template, write_files
from tests.adapters.deploy.scene import PREFIX, Scene, halted

_KEYS = {"SecretsKey", "SecondSecretsKey"}
_WAY = ["first", "first+second", "second+first", "second"]


@pytest.fixture
def standing(scene: Scene) -> Scene:
    scene.deploy()
    return scene


def keys(scene: Scene) -> dict[str, str]:
    return {name: each for name, each in scene.stack["resources"].items() if name in _KEYS}


def walk(scene: Scene, *states: str) -> None:
    for state in states:
        scene.deploy(keys=state, replaced=",".join(sorted(_leaving(scene, state))))


def _leaving(scene: Scene, state: str) -> set[str]:
    stays = {{"first": "SecretsKey", "second": "SecondSecretsKey"}[name] for name in state.split("+")}
    return keys(scene).keys() - stays


def older(scene: Scene, tmp_path: Path) -> Path:
    """A package from when there was one key."""
    body: dict[str, Any] = template(code_key=archive_of(b"old"), SecondSecretsKey=None)
    del body["Parameters"]["SecretsKeys"], body["Conditions"], body["Resources"]["SecretsKey"]["Condition"]
    archives = {archive_of(b"old"): b"old"}
    return write_files(tmp_path / "old", archives, json.dumps(body).encode(), stage="prod", commit="0" * 40)


def test_the_whole_way_there_and_back(standing: Scene) -> None:
    first = keys(standing)
    assert first.keys() == {"SecretsKey"}
    walk(standing, "first+second")
    both = keys(standing)
    assert both.items() > first.items()
    walk(standing, "second+first")
    assert keys(standing) == both
    walk(standing, "second")
    assert keys(standing) == {"SecondSecretsKey": both["SecondSecretsKey"]}
    walk(standing, "second+first", "first+second", "first")
    assert keys(standing).keys() == {"SecretsKey"}
    assert standing.cloud.state.gone == []  # whose turn is over is kept


@pytest.mark.parametrize("before", _WAY)
def test_a_step_is_taken_only_where_what_seals_is_opened_on_both_sides(standing: Scene, before: str) -> None:
    walk(standing, *_WAY[1 : _WAY.index(before) + 1])
    for asked in [state for state in _WAY if abs(_WAY.index(state) - _WAY.index(before)) > 1] + ["third", "first+"]:
        halt = halted(standing.deploy, keys=asked)
        assert f"The keys are {before}, and do not become {asked}" in str(halt)
        assert standing.cloud.changes == []
        assert all(f"KEYS={state}" in halt.then for state in _WAY if abs(_WAY.index(state) - _WAY.index(before)) == 1)
    assert standing.stack["parameters"]["SecretsKeys"] == before


def test_an_installation_begins_with_the_first(scene: Scene) -> None:
    halted(scene.deploy, keys="second")
    assert scene.cloud.state.stacks == {}
    scene.deploy(keys="first")
    assert keys(scene).keys() == {"SecretsKey"}


def test_a_key_leaves_only_when_it_is_named(standing: Scene) -> None:
    walk(standing, "first+second", "second+first")
    halt = halted(standing.deploy, keys="second")
    assert "REPLACE=SecretsKey" in halt.then
    assert keys(standing).keys() == _KEYS


def test_what_is_not_said_stays(standing: Scene) -> None:
    walk(standing, "first+second")
    standing.deploy(code=b"two")
    assert standing.stack["parameters"]["SecretsKeys"] == "first+second"


def test_a_release_comes_back_with_the_keys_there_are_now(standing: Scene) -> None:
    standing.deploy(code=b"two")
    walk_with(standing, b"two", "first+second", "second+first")
    both = keys(standing)
    standing.roll_back()
    assert standing.code == archive_of(b"one")
    assert standing.stack["parameters"]["SecretsKeys"] == "second+first"
    assert keys(standing) == both


def walk_with(scene: Scene, code: bytes, *states: str) -> None:
    for state in states:
        scene.deploy(code=code, keys=state)


def test_a_step_is_no_release_to_go_back_from(standing: Scene) -> None:
    walk(standing, "first+second")
    assert "There is no earlier release" in str(halted(standing.roll_back))


def test_a_step_whose_smoke_test_fails_is_not_undone(standing: Scene) -> None:
    standing.api.instead = {"/prod/v1/health": (500, "application/json", {"status": "no"})}
    halt = halted(standing.deploy, keys="first+second")
    assert "this release has stood before" in str(halt)
    assert keys(standing).keys() == _KEYS


@pytest.mark.parametrize("state", ["first+second", "second+first"])
def test_a_release_that_knows_one_key_cannot_come_back_to_another(scene: Scene, tmp_path: Path, state: str) -> None:
    scene.deploy(package=older(scene, tmp_path))
    scene.deploy()
    walk(scene, *_WAY[1 : _WAY.index(state) + 1])
    for attempt in (scene.roll_back, lambda: scene.deploy(package=older(scene, tmp_path))):
        assert "knows the first key only" in str(halted(attempt))
        assert scene.cloud.changes == []
    walk(scene, *reversed(_WAY[: _WAY.index(state)]))
    scene.roll_back()
    assert scene.code == archive_of(b"old")


@pytest.mark.parametrize("state", _WAY[1:])
def test_a_teardown_keeps_every_key_and_the_next_deploy_finds_them(standing: Scene, state: str) -> None:
    walk(standing, *_WAY[1 : _WAY.index(state) + 1])
    before = keys(standing)
    standing.tear_down()
    standing.deploy()
    assert keys(standing) == before
    assert set(standing.stack["parameters"]["SecretsKeys"].split("+")) == set(state.split("+"))
    standing.tear_down(with_data=True, data=PREFIX)
    assert set(before.values()) <= set(standing.cloud.state.gone)
