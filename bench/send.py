"""What one push costs its sender in CPU: this product, its peers and the least that it can cost, over TLS, in one run.

Everybody sends 400 bytes from one process on one core to a push service on the other, which says yes to all. Ours goes
from a page as DynamoDB answers it to its Outcomes; the others find their subscriptions in memory.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from bench.peers import limit, workshop
from bench.peers.contender import Contender, Spent, sink, sink_command
from bench.peers.job import new_job

LINE = (
    "ours_us",
    "pywebpush_loop_us",
    "pywebpush_async_us",
    "node_web_push_us",
    "go_us",
    "rust_us",
    "limit_us",
    "ours_at_50ms_per_s",
    "pywebpush_async_at_50ms_per_s",
)
FIGURES = Path(__file__).with_name("figures.json")
KEPT = ("ours_us", "ours_at_50ms_per_s")
ROUNDS = 5
WINDOW = 256
DELAY_MS = 50
BARS = {"pywebpush_loop_us": 6.0, "pywebpush_async_us": 2.5, "node_web_push_us": 5.0}  # times ours
BAR_OF_LIMIT = 0.45  # of ours
BAR_OF_WINDOW = 0.80  # of what it could carry if nothing took any time but the push service
CPU_BOUND = 0.90  # of the time it ran, or could have
_AT_ONCE = 100
_WARM_UP = 300
_COUNTS = {  # the slower, the fewer in a round
    "ours_us": 6_000,
    "pywebpush_loop_us": 600,
    "pywebpush_async_us": 1_000,
    "node_web_push_us": 1_000,
    "go_us": 4_000,
    "rust_us": 4_000,
}
_PACED_COUNT = 5_000
Figures = dict[str, float | None]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.send")
    parser.add_argument("--write", action="store_true", help="ours to bench/figures.json, unless a bar is missed")
    wishes = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        costs, paces = unpaced(folder), paced(folder)
    figures = figures_of(costs, paces)
    missed = bars_missed(figures, is_cpu_bound=paces["ours_at_50ms_per_s"].busy_share >= CPU_BOUND)
    for line in missed:
        print(f"  MISSED {line}")
    if wishes.write and not missed:
        FIGURES.write_text(json.dumps({name: figures[name] for name in KEPT}, indent=2) + "\n")
    print("BENCH", json.dumps(figures))
    return 1 if missed else 0


def unpaced(folder: Path) -> dict[str, float]:
    """As fast as each can, by turns: a neighbour on this machine troubles all alike. Microseconds, medians."""
    with ExitStack() as opened:
        job = _job(folder, opened.enter_context(sink(sink_command(), folder, delay_ms=0)), at_once=_AT_ONCE)
        turns: dict[str, Callable[[], float]] = limit.parts(job)
        for name, command in _commands().items():
            contender = opened.enter_context(Contender([*command, str(job)]))
            contender.push(_WARM_UP)
            turns[name] = _turn(contender, _COUNTS[name])
        rounds = [{name: turn() for name, turn in turns.items()} for _ in range(ROUNDS)]
    for name in turns:
        print(f"  {name:<20} {', '.join(f'{one[name]:8,.1f}' for one in rounds)} us CPU a message")
    return {name: statistics.median(one[name] for one in rounds) for name in turns}


def paced(folder: Path) -> dict[str, Spent]:
    """A window each against a push service that thinks for a while. The median round."""
    with ExitStack() as opened:
        job = _job(folder, opened.enter_context(sink(sink_command(), folder, delay_ms=DELAY_MS)), at_once=WINDOW)
        names = {"ours_at_50ms_per_s": "ours", "pywebpush_async_at_50ms_per_s": "pywebpush_async"}
        contenders = {
            name: opened.enter_context(Contender([*module(source), str(job)])) for name, source in names.items()
        }
        for contender in contenders.values():
            contender.push(_WARM_UP)
        rounds = [{name: contender.push(_PACED_COUNT) for name, contender in contenders.items()} for _ in range(ROUNDS)]
    for name in names:
        told = (f"{one[name].per_second:7,.0f} ({one[name].busy_share:.0%} busy)" for one in rounds)
        print(f"  {name:<30} {', '.join(told)}")
    return {name: sorted((one[name] for one in rounds), key=_per_second)[ROUNDS // 2] for name in names}


def figures_of(costs: Mapping[str, float], paces: Mapping[str, Spent]) -> Figures:
    """As the last line says them: null for what could not be measured here."""
    found: Figures = {name: None if name not in costs else round(costs[name], 1) for name in LINE}
    found |= {name: round(pace.per_second) for name, pace in paces.items()}
    if costs.keys() >= limit.NAMES:
        found["limit_us"] = round(sum(costs[name] for name in limit.NAMES), 1)
    return found


def bars_missed(figures: Figures, *, is_cpu_bound: bool) -> list[str]:
    """A sentence for each; what could not be measured misses none."""
    ours, least, pace = figures["ours_us"], figures["limit_us"], figures["ours_at_50ms_per_s"]
    assert ours is not None, "it needs nothing that may be absent"
    assert pace is not None, "nor does that"
    most = WINDOW / DELAY_MS * 1_000
    missed = [
        f"{name} is {theirs / ours:.2f} times ours, not {bar}"
        for name, bar in BARS.items()
        if (theirs := figures[name]) is not None and theirs < bar * ours
    ]
    if least is not None and least < BAR_OF_LIMIT * ours:
        missed.append(f"limit_us is {least / ours:.0%} of ours, not {BAR_OF_LIMIT:.0%}")
    if pace < BAR_OF_WINDOW * most and not is_cpu_bound:
        missed.append(f"ours_at_50ms_per_s is {pace / most:.0%} of {most:,.0f}, not {BAR_OF_WINDOW:.0%}")
    return missed


def module(name: str) -> list[str]:
    return [sys.executable, "-m", f"bench.peers.{name}"]


def _commands() -> dict[str, list[str]]:
    """Those that can be started here."""
    made = {program.name: workshop.command(program) for program in (workshop.NODE, workshop.GO, workshop.RUST)}
    python = {name: module(name.removesuffix("_us")) for name in ("ours_us", "pywebpush_loop_us", "pywebpush_async_us")}
    return python | {name: command for name, command in made.items() if command is not None}


def _job(folder: Path, port: int, *, at_once: int) -> Path:
    path = folder / "job.json"
    path.write_bytes(msgspec.json.encode(new_job(port=port, ca_path=folder / "ca.pem", at_once=at_once)))
    return path


def _turn(contender: Contender, count: int) -> Callable[[], float]:
    return lambda: contender.push(count).cpu_us


def _per_second(spent: Spent) -> float:
    return spent.per_second


if __name__ == "__main__":
    raise SystemExit(main())
