"""Logs: allow-listed fields, and the names of failures but never their words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.aws import telemetry
from chalicelib.config import settings
from chalicelib.core.errors import Unavailable
from tests.adapters.aws.logged import logged_from_now


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    return logged_from_now(monkeypatch)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    settings.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    settings.cache_clear()


def _break() -> None:
    try:
        int("canary@example.com")
    except ValueError as error:
        raise Unavailable("canary-detail") from error


def test_each_way_of_speaking_has_its_level(log: list[dict[str, Any]]) -> None:
    telemetry.note("created", site_id="site_1")
    telemetry.warn("odd", count=2)
    telemetry.alarm("broken", code=None)
    assert [(line["level"], line["message"]) for line in log] == [
        ("INFO", "created"),
        ("WARNING", "odd"),
        ("ERROR", "broken"),
    ]
    assert (log[0]["site_id"], log[1]["count"]) == ("site_1", 2)
    assert "code" not in log[2]
    assert all("test_each_way" in line["location"] for line in log)


def test_only_fields_on_the_list_are_written(log: list[dict[str, Any]]) -> None:
    told = dict.fromkeys(("token", "endpoint", "email", "to", "authorization", "body", "key", "p256dh"), "canary")
    for say in (telemetry.note, telemetry.warn, telemetry.alarm):
        say("event", **told)
    assert len(log) == 3
    assert "canary" not in json.dumps(log)


def test_a_failure_is_named_and_placed_but_not_quoted(log: list[dict[str, Any]]) -> None:
    try:
        _break()
    except Unavailable:
        telemetry.alarm("request_broke", route="/v1/sites")
    (line,) = log
    assert line["exception"] == ["Unavailable", "ValueError"]
    assert line["trace"][-1].endswith(" _break")
    assert "canary" not in json.dumps(line)


def test_a_laptop_may_quote(log: list[dict[str, Any]], stage: pytest.MonkeyPatch) -> None:
    stage.setenv("STAGE", "local")
    try:
        _break()
    except Unavailable:
        telemetry.alarm("request_broke")
    assert log[0]["says"] == "canary-detail"


def test_metrics_go_out_in_production_and_stay_home_elsewhere(
    capsys: pytest.CaptureFixture[str], stage: pytest.MonkeyPatch
) -> None:
    telemetry.count("messages_dropped", queue="mail")
    assert capsys.readouterr().out == ""
    settings.cache_clear()
    stage.setenv("STAGE", "prod")
    telemetry.count("messages_dropped", 3, queue="mail")
    metric = json.loads(capsys.readouterr().out)
    assert (metric["messages_dropped"], metric["queue"]) == ([3.0], "mail")
    assert metric["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "pushsaas-test"


def test_several_metrics_share_a_line_and_their_names_tell_their_units(
    capsys: pytest.CaptureFixture[str], stage: pytest.MonkeyPatch
) -> None:
    settings.cache_clear()
    stage.setenv("STAGE", "prod")
    metrics: dict[str, list[float]] = {"failed": [3], "push_ms": [1.5, 2, 40], "age_seconds": [7], "none_ms": []}
    telemetry.measure(metrics, {"failed": 3, "answered": 8}, lane="send")
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    by_lane, in_all = told["_aws"]["CloudWatchMetrics"]
    assert (by_lane["Dimensions"], in_all["Dimensions"]) == ([["lane"]], [[]])
    assert {metric["Name"]: metric["Unit"] for metric in by_lane["Metrics"]} == {
        "failed": "Count",
        "push_ms": "Milliseconds",
        "age_seconds": "Seconds",
    }
    assert [metric["Name"] for metric in in_all["Metrics"]] == ["failed", "answered"]
    assert (told["failed"], told["answered"], told["lane"]) == ([3.0], [8.0], "send")
    assert told["push_ms"] == [1.5, 2.0, 40.0]


def test_where_there_is_nothing_to_tell_there_is_no_line(
    capsys: pytest.CaptureFixture[str], stage: pytest.MonkeyPatch
) -> None:
    settings.cache_clear()
    stage.setenv("STAGE", "prod")
    telemetry.measure({"push_ms": []}, {}, lane="send")
    assert capsys.readouterr().out == ""
