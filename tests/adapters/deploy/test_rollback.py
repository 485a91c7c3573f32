from __future__ import annotations

import json

import pytest

from infra.deploy.history import Entry, History
from tests.adapters.deploy.dist import archive_of
from tests.adapters.deploy.scene import Scene, halted


@pytest.fixture
def third(scene: Scene) -> Scene:
    for code in (b"one", b"two", b"three"):
        scene.deploy(code=code)
    return scene


def _releases(scene: Scene) -> list[str]:
    return [entry["release"] for entry in json.loads(scene.objects()["releases/history.json"])["entries"]]


def test_it_goes_back_one_release_at_a_time(third: Scene) -> None:
    third.roll_back()
    assert third.code == archive_of(b"two")
    third.roll_back()
    assert third.code == archive_of(b"one")
    assert "There is no earlier release" in str(halted(third.roll_back))


def test_it_goes_back_to_any_that_has_stood(third: Scene) -> None:
    first = _releases(third)[0]
    third.roll_back(release=first)
    assert third.code == archive_of(b"one")
    assert _releases(third) == [first]


def test_an_unknown_release_is_refused_with_those_that_are_known(third: Scene) -> None:
    halt = halted(third.roll_back, release="nope")
    assert all(release in halt.then for release in _releases(third))
    assert third.cloud.changes == []


def test_from_one_that_never_proved_itself_it_goes_to_the_last_that_did(third: Scene) -> None:
    third.cloud.state.stacks["pushsaas-prod"]["template"]["Resources"]["Odd"] = {"Type": "AWS::SNS::Topic"}
    third.cloud.state.stacks["pushsaas-prod"]["resources"]["Odd"] = "odd"
    third.roll_back()
    assert third.code == archive_of(b"three")
    assert "Odd" not in third.stack["resources"]


def test_nothing_deployed_cannot_go_back(scene: Scene) -> None:
    assert "make deploy STAGE=prod" in halted(scene.roll_back).then


def test_parameters_go_back_with_their_release(scene: Scene) -> None:
    scene.deploy(alarm_email="day@shop.io")
    scene.deploy(alarm_email="night@shop.io")
    scene.roll_back()
    assert scene.stack["parameters"]["AlarmEmail"] == "day@shop.io"


def test_a_template_that_was_deleted_is_said_to_be(third: Scene) -> None:
    del third.objects()[f"releases/{_releases(third)[1]}/template.json"]
    halt = halted(third.roll_back)
    assert "is gone" in str(halt)
    assert third.code == archive_of(b"three")


def test_nobody_there_to_say_yes_goes_nowhere(third: Scene) -> None:
    from dataclasses import replace

    third.terminal = replace(third.terminal, says_yes=False)
    assert "YES=1" in halted(third.roll_back).then
    assert third.code == archive_of(b"three")


A, B, C = Entry("a", {"x": "1"}), Entry("b", {"x": "1"}), Entry("a", {"x": "2"})


@pytest.mark.parametrize(
    ("entries", "live", "before"),
    [
        ([], A, None),
        ([A], A, None),
        ([A, B], B, A),
        ([A, B], C, B),
        ([A, C], C, A),  # the same template with other parameters
        ([A, B, A], A, B),
        ([A, B, B], B, A),
        ([A, B, C], B, A),
    ],
)
def test_what_was_before(entries: list[Entry], live: Entry, before: Entry | None) -> None:
    assert History(entries).before(live) == before


def test_the_same_again_is_no_news_but_learns_its_commit() -> None:
    history = History([A, B]).with_newest(Entry("b", {"x": "1"}, "c0ffee"))
    assert [str(entry) for entry in history.entries] == ["a (commit unknown)", "b (commit c0ffee)"]


def test_history_is_bounded() -> None:
    history = History()
    for number in range(80):
        history = history.with_newest(Entry(str(number), {}))
    assert len(history.entries) == 50
    assert history.newest == Entry("79", {})
