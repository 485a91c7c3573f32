from __future__ import annotations

import pytest

from tests.adapters.deploy.scene import PREFIX, Scene, halted
from tests.fakes.aws_cloud import Killed

_STUCK = {
    "ROLLBACK_COMPLETE": "make teardown STAGE=prod",
    "ROLLBACK_FAILED": "make teardown STAGE=prod",
    "CREATE_FAILED": "make teardown STAGE=prod",
    "DELETE_FAILED": "make teardown STAGE=prod",
    "IMPORT_ROLLBACK_FAILED": "make teardown STAGE=prod",
    "UPDATE_ROLLBACK_FAILED": "continue-update-rollback",
    "UPDATE_IN_PROGRESS": "Wait",
    "CREATE_IN_PROGRESS": "Wait",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "Wait",
    "UPDATE_ROLLBACK_IN_PROGRESS": "Wait",
    "DELETE_IN_PROGRESS": "Wait",
}


@pytest.mark.parametrize(("status", "then"), _STUCK.items())
def test_a_stack_that_cannot_be_changed_now_is_left_alone(scene: Scene, status: str, then: str) -> None:
    scene.deploy()
    scene.stack["status"] = status
    halt = halted(scene.deploy, code=b"two")
    assert str(halt) == f"The stack {PREFIX} is in {status}."
    assert then in halt.then
    assert scene.cloud.changes == []


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "CREATE_COMPLETE"])
def test_a_stack_at_rest_is_updated(scene: Scene, status: str) -> None:
    scene.deploy()
    scene.stack["status"] = status
    scene.deploy(code=b"two")
    assert scene.stack["status"] == "UPDATE_COMPLETE"


def test_a_first_change_set_that_was_left_lying_is_no_stack_yet(scene: Scene) -> None:
    scene.cloud.killed_after = 18  # the change set is made, nobody has agreed to it
    with pytest.raises(Killed):
        scene.deploy()
    assert scene.stack["status"] == "REVIEW_IN_PROGRESS"
    scene.cloud.killed_after = None
    scene.deploy()
    assert scene.stack["status"] == "UPDATE_COMPLETE"


def test_a_first_deploy_that_failed_says_why_and_is_cleared_away_with_its_data_kept(scene: Scene) -> None:
    scene.cloud.state.ends = ["ROLLBACK_COMPLETE"]
    halt = halted(scene.deploy)
    assert (
        str(halt)
        == f"The stack {PREFIX} ended in ROLLBACK_COMPLETE. Send: Resource handler returned message: the role is wrong"
    )
    assert halt.then.startswith("make teardown STAGE=prod")


def test_a_table_that_a_failed_first_deploy_left_behind_is_taken_in_again(scene: Scene) -> None:
    """CloudFormation leaves what it was told to retain, and could not make it a second time."""
    scene.deploy()
    scene.stack["status"] = "ROLLBACK_COMPLETE"
    scene.tear_down()
    scene.deploy()
    assert "  Import  CoreTable    AWS::DynamoDB::Table  -" in scene.terminal.told


def test_what_a_failed_first_deploy_never_made_is_not_taken_in(scene: Scene) -> None:
    scene.deploy()
    scene.stack["gone"] = {"CoreTable": "DELETE_COMPLETE", "SecretsKey": "CREATE_FAILED"}
    scene.tear_down()
    assert '"BlobsBucket"' in scene.objects()["releases/kept.json"]
    assert "CoreTable" not in scene.objects()["releases/kept.json"]
    assert "SecretsKey" not in scene.objects()["releases/kept.json"]


def test_an_installation_in_another_region_is_not_deployed_a_second_time(scene: Scene) -> None:
    scene.deploy()
    scene.cloud.state.stacks.clear()
    scene.cloud.state.buckets["pushsaas-prod-artifacts-123456789012"]["region"] = "eu-west-1"
    halt = halted(scene.deploy)
    assert "eu-west-1" in str(halt)
    assert "REGION=eu-west-1" in halt.then
    assert scene.cloud.changes == []


def test_a_template_that_cloudformation_refuses_is_an_ordinary_failure(scene: Scene) -> None:
    scene.cloud.state.fault_of_change = "Template error: unresolved dependencies"
    halt = halted(scene.deploy)
    assert str(halt) == "CloudFormation does not accept the change: Template error: unresolved dependencies"
