"""Dear or not: the last line is for machines, and the exit code follows the bars."""

from __future__ import annotations

import json
from datetime import date

import pytest

from infra.cost.__main__ import MOST_USD_IDLE_MONTH, MOST_USD_PER_MILLION, is_too_dear, last_line
from infra.cost.bill import Bill, Line
from infra.cost.latency import Mix
from infra.cost.machine import Machine
from infra.cost.prices import Price
from infra.cost.what_if import what_ifs


def _bill(usd: float) -> Bill:
    return Bill("Test", (Line("it", 1, Price(usd=usd, per=1, unit="-", source="-", checked_on=date(2026, 1, 1))),))


@pytest.mark.parametrize(
    ("campaign", "idle", "too_dear"),
    [
        (MOST_USD_PER_MILLION, MOST_USD_IDLE_MONTH, False),
        (MOST_USD_PER_MILLION + 0.001, 1.0, True),
        (0.1, MOST_USD_IDLE_MONTH + 0.01, True),
    ],
)
def test_both_bars_count(campaign: float, idle: float, too_dear: bool) -> None:
    assert is_too_dear(_bill(campaign), _bill(idle)) is too_dear


def test_the_last_line_holds_all_figures() -> None:
    name, figures = last_line(_bill(0.23456), _bill(12.345678), _bill(9.876)).split(" ", 1)
    assert name == "COST"
    assert json.loads(figures) == {
        "usd_per_million": 0.2346,
        "usd_per_million_events": 12.35,
        "usd_idle_month": 9.88,
    }


def test_what_ifs_change_one_thing_each() -> None:
    asked = list(what_ifs(Machine(512), at_once=4))
    assert len({each.question for each in asked}) == len(asked)
    assert sum(each.machine != Machine(512) for each in asked) == 3
    assert sum(each.at_once != 4 for each in asked) == 3
    assert all((each.machine != Machine(512)) + (each.at_once != 4) + (each.mix != Mix()) <= 1 for each in asked)
