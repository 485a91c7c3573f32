"""A million who tell within a minute: no key is asked for more than its partition has."""

from __future__ import annotations

from pathlib import Path

from bench.simulation import limits
from bench.simulation.telling import told

PAGE = (Path(__file__).parents[3] / "docs" / "scale.md").read_text()


def test_a_million_within_a_minute_leave_every_partition_half_idle_at_least() -> None:
    million = told(1_000_000, within_seconds=60)
    assert million.partitions == 256
    assert million.hottest_units_a_second < limits.PARTITION_WRITES.value / 2
    assert f"| a million in a minute | 33,333 | {million.hottest_units_a_second:,.0f} |" in PAGE


def test_ten_millions_as_fast_as_they_are_sent_still_find_room_in_each() -> None:
    ten = told(10_000_000, within_seconds=204)
    assert ten.hottest_units_a_second < limits.PARTITION_WRITES.value
    assert f"| ten millions in 204 s | 98,039 | {ten.hottest_units_a_second:,.0f} |" in PAGE


def test_a_new_table_takes_its_time_and_the_page_says_how_much() -> None:
    seconds = told(1_000_000, within_seconds=60).new_table_seconds
    assert f"{seconds:,.0f} s for a million" in PAGE
