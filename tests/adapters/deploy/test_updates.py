from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.deploy.alarms import WATCHED
from infra.deploy.sdk_files import upload_sdk
from infra.deploy.wishes import Wishes
from tests.adapters.deploy.conftest import Answering
from tests.adapters.deploy.dist import write_package
from tests.adapters.deploy.scene import BUCKET, ROOT, Scene, halted

_TABLE = {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain", "Properties": {"TableName": "elsewhere"}}
_LOOKING = ["s3api put-public-access-block", "s3api put-bucket-versioning", "s3api put-bucket-encryption"]
_LOOKING += ["s3api put-bucket-policy"]


@pytest.fixture
def standing(scene: Scene) -> Scene:
    scene.deploy(mail_from="Shop <hello@mail.shop.io>", alarm_email="ops@shop.io")
    return scene


def _flag(scene: Scene, operation: str, flag: str) -> str:
    line = next(line for line in scene.cloud.lines if line[1] == operation)
    return line[line.index(flag) + 1]


def test_an_update_changes_only_what_is_new(standing: Scene) -> None:
    before = dict(standing.cloud.state.secrets)
    standing.deploy(code=b"two")
    assert standing.cloud.changes == [
        *_LOOKING,
        "s3api put-object",  # the code; the layer is there
        "s3api put-object",
        "cloudformation create-change-set",
        "cloudformation execute-change-set",
        "s3api put-object",  # the SDK
        "s3api put-object",
    ]
    assert standing.cloud.state.secrets == before


def test_what_is_not_said_stays_as_it_is(standing: Scene) -> None:
    before = dict(standing.stack["parameters"])
    standing.deploy(code=b"two")
    assert standing.stack["parameters"] == before


def test_what_is_said_changes(standing: Scene) -> None:
    standing.deploy(alarm_email="night@shop.io")
    assert standing.stack["parameters"]["AlarmEmail"] == "night@shop.io"
    assert standing.stack["parameters"]["MailFrom"] == "Shop <hello@mail.shop.io>"


def test_nothing_to_change_is_a_success_that_changes_nothing(standing: Scene) -> None:
    before = dict(standing.stack)
    standing.deploy()
    assert "nothing to change" in standing.terminal.told
    assert "cloudformation create-change-set" not in standing.cloud.calls
    assert standing.stack == before


def test_what_was_undone_is_asked_for_again_even_if_it_looks_the_same(standing: Scene) -> None:
    standing.stack["status"] = "UPDATE_ROLLBACK_COMPLETE"
    standing.deploy()
    assert "cloudformation execute-change-set" in standing.cloud.calls


def test_a_change_set_that_turns_out_empty_is_put_away(scene: Scene) -> None:
    scene.deploy(changed={"RestAPI": None})
    scene.stack["status"] = "UPDATE_ROLLBACK_COMPLETE"
    scene.deploy(changed={"RestAPI": None})
    assert "nothing to change" in scene.terminal.told
    assert "cloudformation execute-change-set" not in scene.cloud.calls
    assert scene.cloud.state.change_sets == {}


def test_the_change_is_shown_before_it_is_carried_out(standing: Scene) -> None:
    standing.deploy(code=b"two")
    shown = standing.terminal.told.index("  Modify  APIHandler  AWS::Serverless::Function  no")
    assert shown < standing.terminal.told.index("carrying it out; this takes minutes")


def test_an_update_is_undone_by_the_alarms_of_the_stack(standing: Scene) -> None:
    standing.deploy(code=b"two")
    configuration = _flag(standing, "create-change-set", "--rollback-configuration")
    assert all(f"alarm:pushsaas-prod-{name}-1" in configuration for name in WATCHED)
    assert '"MonitoringTimeInMinutes":6' in configuration


def test_an_alarm_that_rings_already_does_not_forbid_its_own_cure(standing: Scene) -> None:
    standing.cloud.state.ringing = ["pushsaas-prod-SendErrors-1"]
    standing.deploy(code=b"two")
    configuration = _flag(standing, "create-change-set", "--rollback-configuration")
    assert "SendErrors" not in configuration
    assert "TickErrors" in configuration
    assert "ringing already, so not watched: pushsaas-prod-SendErrors-1" in standing.terminal.told


def test_a_first_deploy_has_no_alarms_to_heed(scene: Scene) -> None:
    scene.deploy()
    configuration = _flag(scene, "create-change-set", "--rollback-configuration")
    assert configuration == '{"RollbackTriggers":[],"MonitoringTimeInMinutes":0}'


@pytest.mark.parametrize(
    "changed", [{"CoreTable": _TABLE}, {"CoreTable": None}, {"SecretsKey": None}, {"BlobsBucket": None}]
)
def test_what_holds_data_is_not_replaced_by_a_plain_yes(standing: Scene, changed: dict[str, Any]) -> None:
    before = dict(standing.stack)
    halt = halted(standing.deploy, changed=changed)
    [name] = changed
    assert f"REPLACE={name}" in halt.then
    assert f"THIS TAKES AWAY OR REPLACES WHAT HOLDS DATA: {name}" in standing.terminal.told
    assert standing.stack == before
    assert standing.cloud.changes[-2:] == ["cloudformation create-change-set", "cloudformation delete-change-set"]


def test_what_holds_data_is_replaced_when_it_is_named(standing: Scene) -> None:
    standing.deploy(changed={"CoreTable": _TABLE}, replaced="CoreTable")
    assert standing.stack["resources"]["CoreTable"]


def test_another_name_does_not_do(standing: Scene) -> None:
    halted(standing.deploy, changed={"CoreTable": _TABLE, "SecretsKey": None}, replaced="CoreTable")
    assert "cloudformation execute-change-set" not in standing.cloud.calls


def test_nobody_there_to_say_yes_changes_nothing(standing: Scene) -> None:
    before = dict(standing.stack)
    standing.terminal = replace(standing.terminal, says_yes=False)
    halt = halted(standing.deploy, code=b"two")
    assert "YES=1" in halt.then
    assert standing.stack == before
    assert standing.cloud.state.change_sets == {}


def test_who_declines_is_told_what_was_made(standing: Scene, answering: Answering) -> None:
    standing.terminal = replace(standing.terminal, says_yes=False)
    answering("no")
    halt = halted(standing.deploy, code=b"two")
    assert halt.then.startswith(f"The stack is as it was; what was uploaded stays in the bucket {BUCKET}.")


def test_who_declines_at_the_first_change_is_told_of_the_empty_stack(scene: Scene, answering: Answering) -> None:
    scene.terminal = replace(scene.terminal, says_yes=False)
    answering("yes", "no")
    halt = halted(scene.deploy)
    assert "an empty stack was made" in halt.then
    assert "make teardown STAGE=prod" in halt.then
    assert scene.stack["status"] == "REVIEW_IN_PROGRESS"


def test_a_tree_with_changes_is_not_deployed_to_production_by_itself(standing: Scene) -> None:
    package = write_package(standing.folder / "dist", code=b"two")
    manifest = json.loads((package / "manifest.json").read_text())
    (package / "manifest.json").write_text(json.dumps(manifest | {"commit": "c" * 40 + "-changed"}))
    standing.terminal = replace(standing.terminal, says_yes=False)
    assert "not what was committed" in str(halted(standing.deploy, package=package))
    assert standing.cloud.changes == []


def test_an_alarm_that_rings_meanwhile_ends_the_command_with_its_reason(standing: Scene) -> None:
    standing.cloud.state.ends = ["UPDATE_ROLLBACK_COMPLETE"]
    halt = halted(standing.deploy, code=b"two")
    assert "UPDATE_ROLLBACK_COMPLETE. Send: Resource handler returned message: the role is wrong" in str(halt)
    standing.deploy(code=b"two")
    assert standing.stack["status"] == "UPDATE_COMPLETE"


def test_an_address_somebody_chose_is_left_alone(scene: Scene) -> None:
    scene.deploy()
    scene.stack["parameters"]["PublicUrl"] = "https://push.shop.io"
    scene.deploy(code=b"two")
    assert scene.stack["parameters"]["PublicUrl"] == "https://push.shop.io"


def test_the_address_of_an_api_that_was_made_anew_is_followed(scene: Scene) -> None:
    scene.deploy()
    scene.stack["parameters"]["PublicUrl"] = "https://old.execute-api.eu-central-1.amazonaws.com/prod"
    scene.deploy()
    assert scene.stack["parameters"]["PublicUrl"] == scene.api.url.rstrip("/")


def test_the_sdk_is_found_from_wherever_the_command_runs() -> None:
    assert Wishes().sdk == ROOT / "web" / "sdk" / "dist"


def test_files_of_the_sdk_are_served_with_their_lifetimes(scene: Scene, tmp_path: Path) -> None:
    scene.deploy()
    for name in ("manifest.json", "pushsaas.js", "worker.01234567.js", "notes.txt"):
        (tmp_path / name).write_text("1")
    scene.cloud.lines.clear()
    upload_sdk(scene.ground(), {"SdkBucketName": "pushsaas-prod-SdkBucket-1"}, folder=tmp_path)
    lines = [line for line in scene.cloud.lines if "put-object" in line]
    flags = ("--key", "--content-type", "--cache-control")
    assert [tuple(line[line.index(flag) + 1] for flag in flags) for line in lines] == [
        ("sdk/v1/worker.01234567.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("sdk/v1/manifest.json", "application/json", "public, max-age=3600"),
        ("sdk/v1/pushsaas.js", "text/javascript; charset=utf-8", "public, max-age=3600"),
    ]
