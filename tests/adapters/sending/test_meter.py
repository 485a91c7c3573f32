"""The one line in which a worker tells its figures: whose they are never shows, and alarms watch what is in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.channels.outcome import Verdict
from chalicelib.config import settings
from chalicelib.core.identity import Mode
from chalicelib.features.sending.adapters.meter import BY_LANE, IN_ALL, LaneMeter
from chalicelib.features.sending.model.run import Run, Source
from chalicelib.features.sending.model.tally import Tally
from tests.adapters.sending.rows import a_run
from tests.architecture.rules.package import packaged

RUN = a_run(mode=Mode.LIVE)


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.cache_clear()
    monkeypatch.setenv("STAGE", "prod")
    yield
    monkeypatch.undo()
    settings.cache_clear()


pytestmark = pytest.mark.usefixtures("production")


def a_tally() -> Tally:
    tally = Tally(age_seconds=1.5)
    counts = {Verdict.ACCEPTED: 90, Verdict.GONE: 4, Verdict.FAILED: 6, Verdict.LATER: 12}
    for verdict, count in counts.items():
        for _ in range(count):
            tally.count(verdict)
    for value in range(1_000):
        tally.push_ms.add(value)
    return tally


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def names(told: dict[str, Any]) -> list[tuple[str, ...]]:
    """By set of dimensions: which metrics."""
    return [tuple(metric["Name"] for metric in each["Metrics"]) for each in told["_aws"]["CloudWatchMetrics"]]


def test_a_delivery_is_one_line_by_lane_and_two_figures_over_all(capsys: pytest.CaptureFixture[str]) -> None:
    LaneMeter().delivered(RUN, a_tally())
    (told,) = lines(capsys)
    assert [each["Dimensions"] for each in told["_aws"]["CloudWatchMetrics"]] == [[["lane"]], [[]]]
    assert {name: told[name] for name in ("lane", "accepted", "gone", "failed", "later", "answered")} == {
        "lane": "send",
        "accepted": [90.0],
        "gone": [4.0],
        "failed": [6.0],
        "later": [12.0],
        "answered": [100.0],
    }
    assert told["batch_age_seconds"] == [1.5]
    assert 32 <= len(told["push_ms"]) <= 64
    assert set(names(told)[0]) | {"duplicates_suppressed"} == set(BY_LANE)
    assert set(names(told)[1]) == set(IN_ALL)


@pytest.mark.parametrize(
    ("run", "lane"),
    [
        (RUN, "send"),
        (replace(RUN, batches=4), "send-small"),
        (replace(RUN, source=Source.NOTIFICATION), "send-transactional"),
    ],
)
def test_its_one_dimension_is_one_of_three_lanes(run: Run, lane: str, capsys: pytest.CaptureFixture[str]) -> None:
    LaneMeter().delivered(run, a_tally())
    LaneMeter().suppressed(run)
    assert [told["lane"] for told in lines(capsys)] == [lane, lane]


def test_nothing_tells_whose_run_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    LaneMeter().delivered(RUN, a_tally())
    said = capsys.readouterr().out
    assert [part for part in (RUN.id, RUN.tenant_id, RUN.site_id, "cmp_", "fcm") if part in said] == []


def test_a_zero_is_not_told_but_for_failures_which_are_a_share(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally()
    tally.count(Verdict.ACCEPTED)
    LaneMeter().delivered(RUN, tally)
    (told,) = lines(capsys)
    assert names(told) == [("accepted",), ("answered", "failed")]
    assert told["failed"] == [0.0]


def test_nothing_at_all_is_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    LaneMeter().delivered(RUN, Tally())
    assert lines(capsys) == []


def test_a_test_run_says_nothing_of_push_services(capsys: pytest.CaptureFixture[str]) -> None:
    LaneMeter().delivered(replace(RUN, mode=Mode.TEST), a_tally())
    LaneMeter().suppressed(replace(RUN, mode=Mode.TEST))
    assert lines(capsys) == []


def test_a_duplicate_is_told_alone(capsys: pytest.CaptureFixture[str]) -> None:
    LaneMeter().suppressed(RUN)
    (told,) = lines(capsys)
    assert (names(told), told["duplicates_suppressed"]) == ([("duplicates_suppressed",)], [1.0])


def test_every_metric_of_ours_that_an_alarm_watches_is_one_that_is_told() -> None:
    resources = packaged("prod").template["Resources"].values()
    alarms = [each["Properties"] for each in resources if each["Type"] == "AWS::CloudWatch::Alarm"]
    stats = [
        part["MetricStat"]["Metric"] for each in alarms for part in each.get("Metrics", ()) if "MetricStat" in part
    ]
    watched = {
        (each["MetricName"], len(each.get("Dimensions", ())))
        for each in (*stats, *alarms)
        if each.get("Namespace") == {"Ref": "Prefix"}
    }
    assert watched == {*((name, 0) for name in IN_ALL), ("hosts_suspected", 0)}
