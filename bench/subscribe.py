"""What browsers ask most: to subscribe, to refresh, to report. Requests a second and store calls, in process against
moto, beside two bare Chalice apps, by turns in the same run: one that parses the same body and answers as many bytes,
and one that makes as many bare calls to the store as well.

Calls are exact. Seconds are this machine's, and most of them moto's: `own` is what is left without moto.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench._store_calls import Calls, counted
from bench.api import standing
from bench.peers.same_size import SameSize, reads

if TYPE_CHECKING:  # the environment comes first
    from bench._browser_asks import Browsers
    from bench._route_calls import Stage

ROUNDS = 150
BAR = 4.0  # times the peer that makes as many calls: a door to pass, a body to check, fifty receipts to prove
_WARM_UP = 5
_MS = 1_000.0


@dataclass
class Laps:
    """Seconds of each turn of one contender."""

    all: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    calls: list[Calls] = field(default_factory=list)

    def take(self, turn: Callable[[], object]) -> None:
        with counted() as calls:
            began = time.perf_counter()
            turn()
            took = time.perf_counter() - began
        self.all.append(took)
        self.own.append(took - calls.away_seconds)
        self.calls.append(calls)

    @property
    def per_second(self) -> float:
        return 1 / statistics.median(self.all)

    @property
    def own_ms(self) -> float:
        return _MS * statistics.median(self.own)


@dataclass
class Found:
    """One way of asking, and its peers."""

    way: str
    ours: Laps = field(default_factory=Laps)
    bare: Laps = field(default_factory=Laps)
    calling: Laps = field(default_factory=Laps)

    @property
    def fewest(self) -> Calls:
        """Now and then one asks for a share of the site's limit as well: docs/limits.md."""
        return min(self.ours.calls, key=lambda calls: len(calls.made))

    @property
    def times_bare(self) -> float:
        return self.ours.own_ms / self.bare.own_ms

    @property
    def times_calling(self) -> float:
        return self.ours.own_ms / self.calling.own_ms


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.subscribe")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    logging.disable(logging.CRITICAL)
    from tests import conftest  # fixes the environment, and so comes before all that reads it

    with standing(conftest.PREFIX) as stage:
        found = measured(stage, rounds)
    return _report(found)


def measured(stage: Stage, rounds: int) -> list[Found]:
    """By turns: a neighbour on this machine troubles all alike."""
    from bench._browser_asks import Browsers

    browsers = Browsers(stage.scene)
    rivals = [(Found(way), *_peers(stage, browsers, way)) for way in browsers.ways]
    for number in range(_WARM_UP + rounds):
        for found, bare, calling in rivals:
            kept = found if number >= _WARM_UP else Found(found.way)
            kept.ours.take(browsers.prepared(found.way))
            kept.bare.take(bare.ask)
            kept.calling.take(calling.ask)
    return [found for found, *_ in rivals]


def _peers(stage: Stage, browsers: Browsers, way: str) -> tuple[SameSize, SameSize]:
    body = browsers.body(way)
    with counted() as calls:
        answer_bytes = len(browsers.prepared(way)().text)
    meanwhile = reads(*stage.row_of_the_site, times=len(calls.made))
    return SameSize(body, answer_bytes=answer_bytes), SameSize(body, answer_bytes=answer_bytes, meanwhile=meanwhile)


def bars_missed(found: Sequence[Found]) -> list[str]:
    return [
        f"{each.way} takes {each.times_calling:.1f} times as long as a bare app with as many calls, not {BAR:.1f}"
        for each in found
        if each.times_calling > BAR
    ]


def figures_of(found: Sequence[Found]) -> dict[str, dict[str, Any]]:
    """As the last line says them."""
    return {
        each.way: {
            "requests_per_s": round(each.ours.per_second),
            "bare_per_s": round(each.bare.per_second),
            "own_ms": round(each.ours.own_ms, 2),
            "x_bare": round(each.times_bare, 1),
            "x_bare_with_calls": round(each.times_calling, 2),
            "store_calls": each.fewest.to_store,
            "calls": each.fewest.by_kind,
        }
        for each in found
    }


def _report(found: Sequence[Found]) -> int:
    print(f"  {'':<16} {'a second':>9} {'bare':>7} {'own ms':>7} {'x bare':>7} {'x with calls':>13}  calls")
    for each in found:
        print(
            f"  {each.way:<16} {each.ours.per_second:>9,.0f} {each.bare.per_second:>7,.0f} {each.ours.own_ms:>7.2f}"
            f" {each.times_bare:>7.1f} {each.times_calling:>13.2f}  {each.fewest.told}"
        )
    missed = bars_missed(found)
    for line in missed:
        print(f"  MISSED {line}")
    print("BENCH", json.dumps(figures_of(found)))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
