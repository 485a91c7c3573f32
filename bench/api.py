"""Every route of the API, in process against moto: how long it takes, and how often it asks the store.

Calls are exact, and `bench/_budget.py` says how many are allowed. Milliseconds are this machine's and moto's; a bare
Chalice route that reads one row, measured in the same run, says what they are worth.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench._budget import Asked, over_budget, unasked
from bench._store_calls import counted
from bench.peers.one_row import OneRow

if TYPE_CHECKING:  # the environment comes first
    from bench._route_calls import Stage
    from chalicelib.web.endpoint import Endpoint

ROUNDS = 20
BAR = 4.0  # times the peer: beside the row, a caller to know, limits to hold, a body to check
TWIN = "get_site"  # reads one row too
_WARM_UP = 5
_PEER_ROUNDS = 10
_MS = 1000.0
_REFUSED = 400


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.api")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    logging.disable(logging.CRITICAL)
    from tests import conftest  # fixes the environment, and so comes before all that reads it

    with standing(conftest.PREFIX) as stage:
        from app import app

        peer = OneRow(*stage.row_of_the_site)
        peer_ms = sorted(_ms(peer.ask) for _ in range(_WARM_UP + rounds * _PEER_ROUNDS))
        found = [measured(stage, endpoint, rounds) for endpoint in app.endpoints]
        missed = [line for asked in found for line in over_budget(asked)] + unasked(app.routes, found)
    return _report(found, statistics.median(peer_ms), missed)


@contextmanager
def standing(prefix: str) -> Iterator[Stage]:
    """The scene of the access matrix, at a time that stands still."""
    from bench._route_calls import Stage
    from chalicelib.core import clock
    from infra.local import moto_patch
    from tests.fakes.clock import ManualClock
    from tests.fakes.installation import Installation
    from tests.fakes.oidc import providers
    from tests.matrix.scene import set_up
    from tests.world import World

    manual = ManualClock(clock.now().replace(microsecond=0))
    clock.use(manual)
    with Installation.standing(prefix) as aws, providers() as there:
        aws.empty()
        moto_patch.follow(manual)
        yield Stage(set_up(World.with_people(aws, manual)), there)


def measured(stage: Stage, endpoint: Endpoint, rounds: int) -> Asked:
    """In every way it can be asked, by turns."""
    asked = Asked(endpoint)
    for _ in range(rounds):
        for who, play in stage.ways(endpoint):
            ask = play()
            with counted() as calls:
                began = time.perf_counter()
                answer = stage.ask(endpoint, ask, who)
                took = time.perf_counter() - began
            asked.calls.append(calls)
            asked.ms.append(took * _MS)
            if answer.status >= _REFUSED:
                asked.refusals.add(answer.text)
    return asked


def _ms(call: Callable[[], None]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * _MS


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _report(found: Sequence[Asked], peer_ms: float, missed: list[str]) -> int:
    print(f"  {'calls':>5} {'share':>5} {'p50':>7} {'p99':>7} {'x peer':>6}  route (others' calls)")
    for asked in found:
        p50, p99 = percentile(asked.ms, 0.5), percentile(asked.ms, 0.99)
        where = ", ".join(f"{service} {number}" for service, number in asked.elsewhere.items())
        print(
            f"  {asked.most:>5} {asked.shares:>5} {p50:>7.2f} {p99:>7.2f} {p50 / peer_ms:>6.1f}  {asked.name}"
            + (f" ({where})" if where else "")
        )
    (twin,) = [statistics.median(asked.ms) for asked in found if asked.endpoint.name == TWIN]
    print(
        f"  a bare Chalice route that reads one row: {peer_ms:.2f} ms; ours that does: {twin / peer_ms:.2f} times that"
    )
    if twin > BAR * peer_ms:
        missed.append(f"reading a row takes {twin / peer_ms:.1f} times as long as the peer, not {BAR}")
    for line in missed:
        print(f"  MISSED {line}")
    print("BENCH", json.dumps(figures_of(found)))
    return 1 if missed else 0


def figures_of(found: Sequence[Asked]) -> dict[str, float]:
    """As the last line says them. The maxima are of what has no budget of its own in `bench/_budget.py`."""
    every = [ms for asked in found for ms in asked.ms]
    return {
        "routes": len(found),
        "p50_ms": round(percentile(every, 0.5), 2),
        "p99_ms": round(percentile(every, 0.99), 2),
        "read_calls_max": max(asked.most for asked in found if asked.is_held and not asked.endpoint.is_mutation),
        "write_calls_max": max(asked.most for asked in found if asked.is_held and asked.endpoint.is_mutation),
    }


if __name__ == "__main__":
    sys.exit(main())
