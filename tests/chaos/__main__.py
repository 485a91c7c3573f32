"""`make chaos`: many seeds of rough weather, then the mutants, and one line of sums; `--seed N` tells one story.

`--real` tells a few over moto, sockets and processes that are killed by the kernel.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter

from tests.chaos.suite import SUBSCRIBERS, Told, kinds, replay, tell, tell_all, try_mutants
from tests.chaos.witness import Kind

LAST_LINE = (
    *("lost", "bound_broken", "count_mismatch", "unfinished"),
    *("kills", "zombies", "unknown", "duplicates", "mutants", "mutants_caught"),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--subscribers", type=int, default=SUBSCRIBERS)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--without-mutants", action="store_true")
    asked = parser.parse_args()
    if asked.seeds < 1:
        parser.error("no seeds prove nothing")
    tries_mutants = asked.seed is None and not asked.without_mutants
    if asked.real:
        from tests.chaos.real import command

        return command.tell(range(asked.seeds) if asked.seed is None else [asked.seed], tries_mutants=tries_mutants)
    if asked.seed is not None:
        return _one(tell(asked.seed, subscribers=asked.subscribers), subscribers=asked.subscribers)
    return _all(asked.seeds, subscribers=asked.subscribers, processes=asked.processes, tries_mutants=tries_mutants)


def _one(told: Told, *, subscribers: int) -> int:
    _show(told, subscribers=subscribers)
    print(f"seed {told.seed}: {dict(told.figures)}")
    return 1 if told.breaches else 0


def _all(seeds: int, *, subscribers: int, processes: int, tries_mutants: bool) -> int:
    sums: Counter[str] = Counter()
    for told in tell_all(range(seeds), subscribers=subscribers, processes=processes):
        sums.update(told.figures)
        sums.update(seeds=1, **kinds(told))
        _show(told, subscribers=subscribers)
    print(f"chaos: {dict(sums)}")
    if tries_mutants:
        _mutants(sums, processes=processes)
    print(
        f"CHAOS {json.dumps({'seeds': seeds, 'subscribers': subscribers} | {name: sums[name] for name in LAST_LINE})}"
    )
    return 1 if sums["mutants_caught"] < sums["mutants"] or any(sums[kind] for kind in Kind) else 0


def _mutants(sums: Counter[str], *, processes: int) -> None:
    for name, caught in try_mutants(processes=processes):
        sums.update(mutants=1, mutants_caught=caught is not None)
        print(f"mutant {name}: {f'caught by seed {caught[0]}: {caught[1]}' if caught else 'NOT CAUGHT'}")


def _show(told: Told, *, subscribers: int) -> None:
    for breach in told.breaches[:10]:
        print(f"seed {told.seed}: {breach}", flush=True)
    if told.breaches:
        print(f"  again: {replay(told.seed, subscribers=subscribers)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
