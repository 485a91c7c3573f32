"""How long campaigns to one, ten and a hundred million take on AWS, simulated, and what others notice of them.

Nothing runs on AWS: the product's own planner, worker and sweeper live in virtual time, AWS grows as it publishes.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.simulation import report
from bench.simulation.queues import Fair
from bench.simulation.report import Row
from bench.simulation.scenarios import (
    MILLION,
    SEEDS,
    Alone,
    Fairness,
    alone,
    beside_a_million,
    crowd,
    one_lane,
    what_ifs,
)
from bench.simulation.settings import Settings, deployed
from infra.cost.page import renew

_BEGIN = "<!-- tables: `python -m bench.scale --write` -->"
PAGE = Path(__file__).parents[1] / "docs" / "scale.md"
BARS_SECONDS = {"1m": 60.0, "10m": 300.0}
QUIET_P95_SECONDS, NOTIFIED_SECONDS = 30.0, 2.0
_MIDDLING = 5_000
_FEWER_LIVES = 30
_OBJECTS = 200_000  # a world is made of small things that stay: looking for garbage among them took half of the time
_LIVES = 300  # of a million's 2,048 batches: enough for the slow ones to be among them


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.scale")
    parser.add_argument("--write", action="store_true", help="also into docs/scale.md")
    is_to_write = parser.parse_args().write
    gc.set_threshold(_OBJECTS)
    settings = deployed()
    sizes, rows = campaigns(settings), neighbours(settings)
    tables = text(settings, sizes, rows)
    print(tables)
    if is_to_write:
        renew(PAGE, f"{tables}\n\n{report.limits_text()}", begin=_BEGIN)
    return int(is_missed(sizes, rows[0].figures))


def campaigns(settings: Settings) -> dict[str, Alone]:
    return {
        "1m": alone(settings, MILLION, seeds=SEEDS, lives=_LIVES),
        "10m": alone(settings, 10 * MILLION),
        "100m": alone(settings, 100 * MILLION),
    }


def neighbours(settings: Settings) -> list[Row]:
    """The first is the product where fair queues do nothing."""
    return [
        Row("50 tenants send 100 each", beside_a_million(settings)),
        Row("  with fair queues", beside_a_million(settings, queue=Fair)),
        Row("  if there were but one lane", beside_a_million(settings, route=one_lane)),
        Row("50 tenants send 5,000 each: the bulk lane's own", beside_a_million(settings, quiet_audience=_MIDDLING)),
        Row("  with fair queues", beside_a_million(settings, quiet_audience=_MIDDLING, queue=Fair)),
    ]


def text(settings: Settings, sizes: Mapping[str, Alone], rows: list[Row]) -> str:
    crowds = {
        f"{tenants} tenants x {subscribers:,}{mood}": crowd(settings, tenants=tenants, subscribers=subscribers, **queue)
        for tenants, subscribers in ((50, 100_000), (20, MILLION))
        for mood, queue in (("", {}), (", fair queues", {"queue": Fair}))
    }
    return "\n\n".join(
        (
            report.settings_text(settings),
            report.sizes_text(sizes),
            report.what_ifs_text(what_ifs(settings, lives=_FEWER_LIVES)),
            report.concurrency_text(sizes),
            report.hottest_text(sizes),
            report.fairness_text(rows),
            report.crowds_text(crowds),
            report.last_line(sizes),
        )
    )


def is_missed(sizes: Mapping[str, Alone], beside: Fairness) -> bool:
    return (
        any(sizes[name].seconds > most for name, most in BARS_SECONDS.items())
        or beside.quiet_p95 > QUIET_P95_SECONDS
        or beside.slowest_notification >= NOTIFIED_SECONDS
    )


if __name__ == "__main__":
    sys.exit(main())
