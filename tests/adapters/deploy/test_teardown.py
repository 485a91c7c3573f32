from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.adapters.deploy.scene import BUCKET, PREFIX, Scene, halted

_KEPT = ["BlobsBucket", "CoreTable", "SecretsKey"]


@pytest.fixture
def standing(scene: Scene) -> Scene:
    scene.deploy()
    return scene


def test_the_stack_goes_and_what_holds_data_stays(standing: Scene) -> None:
    secrets = dict(standing.cloud.state.secrets)
    standing.tear_down()
    assert standing.cloud.state.stacks == {}
    assert standing.cloud.state.gone == []
    assert standing.cloud.state.secrets == secrets
    assert sorted(json.loads(standing.objects()["releases/kept.json"])) == _KEPT


def test_the_next_deploy_takes_in_what_stayed(standing: Scene) -> None:
    before = {name: standing.stack["resources"][name] for name in _KEPT}
    secrets = dict(standing.cloud.state.secrets)
    standing.tear_down()
    standing.deploy(code=b"two")
    assert {name: standing.stack["resources"][name] for name in _KEPT} == before
    assert standing.cloud.state.secrets == secrets
    assert "releases/kept.json" not in standing.objects()


def test_what_stayed_and_has_no_place_any_more_stops_the_next_deploy(standing: Scene) -> None:
    standing.tear_down()
    halt = halted(standing.deploy, changed={"CoreTable": None})
    assert "no place for CoreTable" in str(halt)
    assert standing.cloud.state.stacks == {}


@pytest.mark.parametrize("makes", [1, 2])
def test_what_could_not_be_taken_in_is_still_noted(standing: Scene, makes: int) -> None:
    before = {name: standing.stack["resources"][name] for name in _KEPT}
    standing.tear_down()
    noted = standing.objects()["releases/kept.json"]
    standing.cloud.state.ends = ["IMPORT_ROLLBACK_COMPLETE"]
    halt = halted(standing.deploy)
    for _ in range(makes):
        assert "make teardown" in halt.then
        assert standing.objects()["releases/kept.json"] == noted
        halt = halted(standing.deploy)
    standing.tear_down()
    standing.deploy()
    assert {name: standing.stack["resources"][name] for name in _KEPT} == before
    assert "releases/kept.json" not in standing.objects()


def test_a_note_of_what_does_not_stand_in_the_stack_is_kept(standing: Scene) -> None:
    note = json.dumps({"Lost": ["AWS::DynamoDB::Table", "lost"]})
    standing.objects()["releases/kept.json"] = note
    standing.deploy(code=b"two")
    assert standing.objects()["releases/kept.json"] == note


def test_a_bucket_that_does_not_stay_is_emptied_first(standing: Scene) -> None:
    files = standing.cloud.state.buckets[f"{PREFIX}-SdkBucket-1"]["objects"]
    files |= {f"sdk/v1/{number}.js": "1" for number in range(450)}
    standing.tear_down()
    assert standing.cloud.calls.count("s3api delete-objects") == 3
    assert standing.cloud.state.stacks == {}


def test_markers_of_what_was_deleted_go_too_a_page_at_a_time(standing: Scene) -> None:
    bucket = standing.cloud.state.buckets[BUCKET]
    bucket["older"] = [["DeleteMarkers", f"{'k' * 900}{number}", "v1"] for number in range(1_300)]
    standing.tear_down(with_data=True, data=PREFIX)
    assert standing.cloud.calls.count("s3api delete-objects") >= 7
    assert BUCKET in standing.cloud.state.gone
    assert max(len(word) for line in standing.cloud.lines for word in line) < 2_000


def test_told_once_the_data_stays(standing: Scene) -> None:
    start = dict(standing.cloud.state.stacks)
    halt = halted(standing.tear_down, with_data=True)
    assert f"DATA={PREFIX}" in halt.then
    assert standing.cloud.state.stacks == start
    assert standing.cloud.changes == []


def test_another_installation_named_as_the_second_time_does_not_do(standing: Scene) -> None:
    halted(standing.tear_down, with_data=True, data="pushsaas-dev")
    assert standing.cloud.changes == []


def test_told_twice_everything_goes(standing: Scene) -> None:
    standing.tear_down(with_data=True, data=PREFIX)
    state = standing.cloud.state
    assert (state.stacks, state.secrets, state.buckets) == ({}, {}, {})
    assert state.gone == [f"{PREFIX}-blobs", f"{PREFIX}-core", f"{PREFIX}-SecretsKey-1", BUCKET]


def test_data_that_stayed_can_go_later(standing: Scene) -> None:
    standing.tear_down()
    standing.tear_down(with_data=True, data=PREFIX)
    assert standing.cloud.state.buckets == {}


def test_a_second_teardown_finds_it_done(standing: Scene) -> None:
    standing.tear_down()
    standing.tear_down()
    assert standing.cloud.changes == []


def test_nothing_is_not_torn_down(scene: Scene) -> None:
    assert "Nothing is deployed" in str(halted(scene.tear_down))
    assert "Nothing is deployed" in str(halted(scene.tear_down, with_data=True, data=PREFIX))


def test_nobody_there_to_say_yes_keeps_it(standing: Scene) -> None:
    standing.terminal = replace(standing.terminal, says_yes=False)
    assert "YES=1" in halted(standing.tear_down).then
    assert standing.cloud.changes == []


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"])
def test_a_stack_that_is_being_changed_is_left_alone(standing: Scene, status: str) -> None:
    standing.stack["status"] = status
    halted(standing.tear_down)
    assert standing.cloud.changes == []


@pytest.mark.parametrize(
    "status", ["ROLLBACK_COMPLETE", "DELETE_IN_PROGRESS", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"]
)
def test_a_stack_in_trouble_can_go(standing: Scene, status: str) -> None:
    standing.stack["status"] = status
    standing.tear_down()
    assert standing.cloud.state.stacks == {}


def test_the_shell_of_a_stack_can_go(scene: Scene) -> None:
    scene.deploy()
    scene.stack.update(status="REVIEW_IN_PROGRESS", resources={}, template={"Resources": {}})
    scene.tear_down()
    assert scene.cloud.state.stacks == {}


def test_production_is_protected_until_its_teardown_is_agreed_to(standing: Scene) -> None:
    assert standing.stack["is_protected"]
    yes = standing.terminal
    standing.terminal = replace(yes, says_yes=False)
    halted(standing.tear_down)
    assert standing.stack["is_protected"]
    standing.terminal = yes
    standing.tear_down()
    assert standing.cloud.state.stacks == {}


def test_a_stack_that_does_not_go_says_why(standing: Scene) -> None:
    standing.cloud.state.ends = ["DELETE_FAILED"]
    halt = halted(standing.tear_down)
    assert "DELETE_FAILED" in str(halt)
    assert "make teardown" in halt.then


def test_an_object_that_cannot_be_deleted_ends_the_emptying(standing: Scene) -> None:
    from infra.deploy.aws_cli import Aws, Ran
    from infra.deploy.destroy import empty

    def run(line: Any) -> Ran:
        listed = {"Versions": [{"Key": "a", "VersionId": "1"}]}
        return Ran(
            0,
            json.dumps(listed if "list-object-versions" in line else {"Errors": [{"Key": "a", "Code": "Locked"}]}),
            "",
        )

    halt = halted(empty, replace(standing.ground(), aws=Aws(run=run)), "bucket")
    assert str(halt) == "bucket: a cannot be deleted: Locked"
