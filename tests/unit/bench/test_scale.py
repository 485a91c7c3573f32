"""The bars of fairness, and what ties the simulation to what is measured. Virtual time: nothing here waits."""

from __future__ import annotations

import json
from math import inf
from pathlib import Path

import pytest

from bench import scale
from bench.simulation import scenarios
from bench.simulation.dollars import bill
from bench.simulation.limits import published
from bench.simulation.lives import Kind, live
from bench.simulation.queues import Fair
from bench.simulation.settings import Settings, deployed
from bench.simulation.world import World
from chalicelib.features.sending.model.run import Lane
from infra.cost import assumptions as assumed
from infra.cost.latency import Mix
from infra.cost.machine import Machine

ROOT = Path(__file__).parents[3]
FIGURES = json.loads((ROOT / "bench" / "figures.json").read_text())
WITHIN = 0.2
AT_50_MS = Mix(quantiles=((0.0, 0.05), (1.0, 0.05)), hang_share=0.0, gone_share=0.0)


@pytest.fixture(scope="module")
def settings() -> Settings:
    return deployed()


def test_a_push_costs_the_simulated_processor_what_it_costs_the_measured_one() -> None:
    """Before it is made slower for Lambda's Arm."""
    pushing = (assumed.PUSH_CPU_SECONDS - assumed.ROW_CPU_SECONDS) / assumed.ARM_SLOWER_BY
    assert pushing * 1e6 == pytest.approx(FIGURES["ours_us"], rel=WITHIN)


def test_a_simulated_worker_pushes_as_fast_as_a_measured_one(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the measured core, with stores that answer at once."""
    for name in ("PUSH_CPU_SECONDS", "ROW_CPU_SECONDS"):
        monkeypatch.setattr(assumed, name, getattr(assumed, name) / assumed.ARM_SLOWER_BY)
    for name in ("REQUEST_CPU_SECONDS", "DYNAMODB_SECONDS", "PAGE_SECONDS", "CONNECT_SECONDS"):
        monkeypatch.setattr(assumed, name, 0.0)
    rows, core = 20_000, Machine(assumed.VCPU_MEGABYTES)
    kind = Kind(rows, core, window=settings.window, timeout_seconds=60.0, mix=AT_50_MS)
    rate = rows / sum(shift.seconds for life in live(kind, seeds=["rate"]) for shift in life.shifts)
    assert rate == pytest.approx(FIGURES["ours_at_50ms_per_s"], rel=WITHIN)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_who_sends_little_beside_a_million_is_done_in_thirty_seconds_without_fair_queues(
    settings: Settings, seed: int
) -> None:
    found = scenarios.beside_a_million(settings, seed=seed)
    assert len(found.quiet) == scenarios.QUIET_TENANTS
    assert found.quiet_p95 <= scale.QUIET_P95_SECONDS


def test_a_notification_beside_a_million_is_on_the_wire_in_two_seconds(settings: Settings) -> None:
    """Also the first, which finds no worker warm."""
    found = scenarios.beside_a_million(settings)
    assert 0 < max(found.notified) < scale.NOTIFIED_SECONDS


def test_with_one_lane_for_all_both_would_wait_for_the_million(settings: Settings) -> None:
    found = scenarios.beside_a_million(settings, route=scenarios.one_lane)
    assert found.quiet_p95 > scale.QUIET_P95_SECONDS
    assert found.slowest_notification > scale.NOTIFIED_SECONDS


def test_with_one_lane_fair_queues_alone_would_not_keep_notifications_in_time(settings: Settings) -> None:
    found = [
        scenarios.beside_a_million(settings, route=scenarios.one_lane, queue=Fair, seed=seed) for seed in (1, 2, 3)
    ]
    assert max(one.quiet_p95 for one in found) <= scale.QUIET_P95_SECONDS
    assert max(one.slowest_notification for one in found) > scale.NOTIFIED_SECONDS


def test_one_worker_for_all_small_runs_would_not_be_enough(settings: Settings) -> None:
    narrow = settings.with_line(Lane.SMALL.value, mappings=(1,))
    assert scenarios.beside_a_million(narrow, quiet_audience=400).quiet_p95 > scale.QUIET_P95_SECONDS
    assert scenarios.beside_a_million(settings, quiet_audience=400).quiet_p95 <= scale.QUIET_P95_SECONDS


def test_everybody_of_a_campaign_is_pushed_to_once_but_for_those_who_hung(settings: Settings) -> None:
    found = scenarios.alone(settings, 100_000, lives=30)
    tried_again = found.send.pushes - 100_000
    assert 0 <= tried_again <= 3 * 100_000 * assumed.HANG_SHARE


def test_a_million_is_reached_within_a_minute_and_would_not_be_with_one_batch_an_invocation(settings: Settings) -> None:
    """So that the figure hangs on what a worker is handed."""
    alone = settings.with_line(Lane.BULK.value, at_once=1)
    found, one_by_one = (scenarios.alone(each, scenarios.MILLION, lives=100) for each in (settings, alone))
    assert found.seconds <= scale.BARS_SECONDS["1m"]
    assert one_by_one.seconds > scale.BARS_SECONDS["1m"]
    assert found.world.lines[Lane.BULK.value].invocations < one_by_one.world.lines[Lane.BULK.value].invocations / 3


def test_ten_millions_are_reached_within_the_bar(settings: Settings) -> None:
    assert scenarios.alone(settings, 10_000_000, lives=30).seconds <= scale.BARS_SECONDS["10m"]


def test_a_quarter_of_the_workers_would_not_reach_them_in_time(settings: Settings) -> None:
    """So that the figure hangs on the lane as it is deployed."""
    fewer = settings.with_line(Lane.BULK.value, mappings=(settings.lines[Lane.BULK.value].most // 4,))
    assert scenarios.alone(fewer, 10_000_000, lives=30).seconds > scale.BARS_SECONDS["10m"]


def test_the_same_seed_is_the_same_campaign_and_another_is_not(settings: Settings) -> None:
    first, again, other = (
        scenarios.alone(settings, 300_000, lives=30),
        scenarios.alone(settings, 300_000, lives=30),
        scenarios.alone(settings, 300_000, lives=30, seeds=2),
    )
    assert (first.seconds, first.by_seed) == (again.seconds, again.by_seed)
    assert other.by_seed[0] != other.by_seed[1]


def test_a_campaign_that_nobody_lives_to_see_the_end_of_took_for_ever(settings: Settings) -> None:
    world = World(settings, lives_of_a_kind=5, longest_seconds=10.0)
    send = world.send("one", 100_000, at=0.0)
    world.live()
    assert send.took == inf
    assert 0 < send.share_reached < 1


def test_it_costs_what_make_cost_says(settings: Settings) -> None:
    """Two ways to one figure: this one adds up what was used, that one counts what a demo run asked."""
    page = (ROOT / "docs" / "cost.md").read_text()
    (told,) = (line for line in page.splitlines() if line.startswith("COST {"))
    usd = bill(scenarios.alone(settings, scenarios.MILLION, lives=100).world, "-").usd
    assert usd == pytest.approx(json.loads(told.removeprefix("COST "))["usd_per_million"], rel=0.15)


def test_every_published_limit_names_its_page_and_its_day() -> None:
    found = published()
    assert len(found) >= 10
    assert all(limit.source.startswith("https://docs.aws.amazon.com/") and limit.read_on for limit in found.values())
