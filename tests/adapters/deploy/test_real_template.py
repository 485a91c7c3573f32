"""The template that is really packaged, deployed to the stand-in: what deploying expects of it must be there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.deploy.alarms import WATCHED
from infra.deploy.change_set import HOLDS_DATA
from infra.deploy.package import release_of
from infra.packaging.conditions import Conditions
from infra.packaging.functions import functions_of
from tests.adapters.deploy.dist import write_files
from tests.adapters.deploy.scene import PREFIX, Scene
from tests.architecture.rules.package import packaged

_WATCHED_TYPE = "AWS::CloudWatch::Alarm"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    template = packaged("prod").template
    code = template["Resources"]["APIHandler"]["Properties"]["CodeUri"]["Key"]
    layer = template["Resources"]["DependencyLayer"]["Properties"]["ContentUri"]["Key"]
    archives = {code: b"code", layer: b"layer"}
    return write_files(tmp_path / "real", archives, json.dumps(template).encode(), stage="prod")


def test_it_is_deployed_updated_taken_down_and_taken_in_again(scene: Scene, package: Path) -> None:
    scene.deploy(package=package)
    held = {name for name, each in scene.stack["template"]["Resources"].items() if each["Type"] in HOLDS_DATA}
    held -= {"SdkBucket", "SecondSecretsKey"}  # the latter is not there yet
    assert len(held) == 9
    before = {name: scene.stack["resources"][name] for name in held}
    scene.deploy(package=package, alarm_email="ops@shop.io")
    scene.tear_down()
    scene.deploy(package=package)
    assert {name: scene.stack["resources"][name] for name in held} == before
    scene.tear_down(with_data=True, data=PREFIX)
    assert scene.cloud.state.buckets == {}


def test_the_alarms_that_undo_an_update_are_alarms(package: Path) -> None:
    resources = packaged("prod").template["Resources"]
    assert [resources[name]["Type"] for name in WATCHED] == [_WATCHED_TYPE] * 5


def test_its_name_survives_what_cloudformation_does_to_letters() -> None:
    template = packaged("prod").template
    ascii_only = json.loads(json.dumps(template, ensure_ascii=False).encode("ascii", "replace"))
    assert release_of(ascii_only) == release_of(template)


@pytest.mark.parametrize(
    ("keys", "seals", "other"),
    [
        ("first", "SecretsKey", ""),
        ("first+second", "SecretsKey", "SecondSecretsKey"),
        ("second+first", "SecondSecretsKey", "SecretsKey"),
        ("second", "SecondSecretsKey", ""),
    ],
)
def test_one_key_seals_and_functions_know_of_the_other(keys: str, seals: str, other: str) -> None:
    template = packaged("prod").template
    conditions = Conditions(template, {"SecretsKeys": keys})
    standing = conditions.standing()
    assert {"SecretsKey", "SecondSecretsKey"} & standing.keys() == {seals, other} - {""}
    told = [standing["SecretsKeyAlias"]["Properties"]["TargetKeyId"]]
    told += [standing["AlarmTopic"]["Properties"]["KmsMasterKeyId"]]
    assert [_chosen(each, conditions) for each in told] == [{"Ref": seals}] * 2
    for function in functions_of(template).values():
        said = _chosen(function["Environment"]["Variables"]["KMS_KEY_OTHER"], conditions)
        assert said == ({"Fn::GetAtt": [other, "Arn"]} if other else "")


def _chosen(value: Any, conditions: Conditions) -> Any:
    while isinstance(value, dict) and "Fn::If" in value:
        name, one, another = value["Fn::If"]
        value = one if conditions.hold(name) else another
    return value


def test_both_keys_are_alike() -> None:
    keys = [packaged("prod").template["Resources"][name] for name in ("SecretsKey", "SecondSecretsKey")]
    assert [{**each, "Condition": ""} for each in keys] == [{**keys[0], "Condition": ""}] * 2


def test_the_key_turns_as_seldom_as_aws_lets_it() -> None:
    """Each of the first two rotations makes an idle month a dollar dearer, for good."""
    key = packaged("prod").template["Resources"]["SecretsKey"]["Properties"]
    assert (key["EnableKeyRotation"], key["RotationPeriodInDays"]) == (True, 2560)
