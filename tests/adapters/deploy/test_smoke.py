from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from infra.deploy.smoke import PAUSES_SECONDS, QUESTIONS, Answer, smoke
from tests.adapters.deploy.dist import archive_of
from tests.adapters.deploy.scene import Scene, halted
from tests.fakes.gateway import Client
from tests.fakes.installation import Installation

_WRONG = {
    "/prod/v1/health": (200, "application/json", {"status": "broken"}),
    "/prod/v1/health/ready": (503, "application/json", {"status": "unavailable", "faults": ["tables"]}),
    "/prod/openapi.json": (200, "application/json", {"openapi": "2.0"}),
    "/prod/v1/no-such-thing": (403, "application/json", {"message": "Missing Authentication Token"}),
}
_ODD = [
    (200, "text/html", {"status": "ok"}),
    (200, "application/json", b"<html>"),
    (200, "application/json", b"\xff"),
    (200, "application/json", b""),
    (200, "application/json", [1]),
    (301, "application/json", {"status": "ok"}),
]


def test_a_well_one_passes_with_one_question_each(scene: Scene) -> None:
    assert smoke(scene.ground(), scene.api.url)
    assert scene.api.asked == [f"/prod{question.path}" for question in QUESTIONS]


def test_the_product_itself_answers_as_it_should(aws: Installation) -> None:
    client = Client()
    for question in QUESTIONS:
        said = client.get(question.path)
        media_type = said.headers["content-type"].partition(";")[0]
        assert question.is_answered(Answer(said.status, media_type, said.json())), question.path


def test_a_slow_start_is_waited_for(scene: Scene) -> None:
    scene.api.well_after = len(PAUSES_SECONDS)
    pauses: list[float] = []
    assert smoke(replace(scene.ground(), pause=pauses.append), scene.api.url)
    assert [seconds for seconds in pauses if seconds] == list(PAUSES_SECONDS)


def test_waiting_has_an_end(scene: Scene) -> None:
    scene.api.well_after = 1_000
    assert not smoke(scene.ground(), scene.api.url)
    assert len(scene.api.asked) == len(PAUSES_SECONDS) + 1
    assert "smoke: /v1/health FAILED: 502 application/json instead of 200 application/json" in scene.terminal.told


@pytest.mark.parametrize("path", _WRONG)
def test_each_question_can_fail_it(scene: Scene, path: str) -> None:
    scene.api.instead = {path: _WRONG[path]}
    assert not smoke(scene.ground(), scene.api.url)
    assert scene.api.asked[-1] == path


@pytest.mark.parametrize("answer", _ODD)
def test_odd_answers_are_wrong_ones_and_no_crash(scene: Scene, answer: tuple[int, str, Any]) -> None:
    scene.api.instead = {"/prod/v1/health": answer}
    assert not smoke(scene.ground(), scene.api.url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/prod/", "http://127.0.0.1:1", "nonsense://x"])
def test_nobody_there_is_no_verdict_and_no_crash(scene: Scene, url: str) -> None:
    assert "cannot be reached from here" in str(halted(smoke, scene.ground(), url))


def test_a_release_is_not_taken_back_because_the_deployer_is_offline(scene: Scene) -> None:
    scene.deploy()
    scene.cloud.state.endpoint = "http://127.0.0.1:9/prod/"
    halt = halted(scene.deploy, code=b"two")
    assert "cannot be reached from here" in str(halt)
    assert scene.code == archive_of(b"two")
    scene.cloud.state.endpoint = scene.api.url
    scene.deploy(code=b"two")


def test_a_redirect_is_not_followed(scene: Scene) -> None:
    scene.api.instead = {"/prod/v1/health": (302, "application/json", {"status": "ok"})}
    assert not smoke(scene.ground(), scene.api.url)
    assert set(scene.api.asked) == {"/prod/v1/health"}


def test_a_first_release_that_fails_has_nothing_to_go_back_to(scene: Scene) -> None:
    scene.api.well_after = 1_000
    halt = halted(scene.deploy)
    assert "no earlier release" in str(halt)
    assert "releases/history.json" not in scene.objects()


def test_a_release_that_fails_is_taken_back(scene: Scene) -> None:
    scene.deploy()
    good = scene.code
    scene.api.asked.clear()
    scene.api.well_after = len(PAUSES_SECONDS) + 1  # the new one never answers, the old one does
    halt = halted(scene.deploy, code=b"broken")
    assert "stands again" in str(halt)
    assert scene.code == good
    scene.deploy(code=b"two")
    assert scene.code != good


def test_what_a_failed_deploy_changed_in_parameters_is_taken_back_too(scene: Scene) -> None:
    scene.deploy(alarm_email="day@shop.io")
    scene.api.asked.clear()
    scene.api.well_after = len(PAUSES_SECONDS) + 1
    halted(scene.deploy, alarm_email="night@shop.io")
    assert scene.stack["parameters"]["AlarmEmail"] == "day@shop.io"


def test_a_release_that_is_taken_back_in_vain_says_so(scene: Scene) -> None:
    scene.deploy()
    scene.api.asked.clear()
    scene.api.well_after = 1_000
    halt = halted(scene.deploy, code=b"broken")
    assert "is back, and fails its smoke test, too" in str(halt)


def test_a_release_that_has_stood_is_not_blamed_for_what_fails_later(scene: Scene) -> None:
    scene.deploy()
    scene.deploy(code=b"two")
    scene.api.asked.clear()
    scene.api.well_after = 1_000
    halt = halted(scene.deploy, code=b"two")
    assert "has stood before" in str(halt)
    assert "cloudformation execute-change-set" not in scene.cloud.calls


def test_taking_back_does_not_lose_data_unasked(scene: Scene) -> None:
    scene.deploy()
    table = {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain"}
    scene.api.asked.clear()
    scene.api.well_after = len(PAUSES_SECONDS) + 1
    halt = halted(scene.deploy, code=b"broken", changed={"NewTable": table})
    assert "REPLACE=NewTable" in halt.then
    assert "NewTable" in scene.stack["resources"]
