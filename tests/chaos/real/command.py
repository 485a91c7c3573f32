"""`python -m tests.chaos --real`: seeds, mutants, and one line of sums."""

from __future__ import annotations

import json
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from types import FrameType

from tests.chaos.real.house import standing
from tests.chaos.suite import Told, kinds
from tests.chaos.witness import Kind

_LINE = (
    *("seeds", "subscribers", "lost", "bound_broken", "count_mismatch", "unfinished"),
    *("kills", "zombies", "unknown", "duplicates", "mutants", "mutants_caught"),
)


def tell(seeds: Sequence[int], *, tries_mutants: bool) -> int:
    """Ends everything it started, also when it is told to end."""
    signal.signal(signal.SIGTERM, _leave)
    sums: Counter[str] = Counter()
    with standing() as house:
        from tests.chaos.real.suite import RealSuite

        suite = RealSuite(house)
        for told in suite.tell_all(seeds):
            sums.update(told.figures)
            sums.update(seeds=1, **kinds(told))
            _show(told)
        if tries_mutants:
            for name, caught in suite.try_mutants():
                sums.update(mutants=1, mutants_caught=caught is not None)
                print(
                    f"mutant {name}: {f'caught by seed {caught[0]}: {caught[1]}' if caught else 'NOT CAUGHT'}",
                    flush=True,
                )
    print(f"real: {dict(sums)}")
    print(f"REAL {json.dumps({name: sums[name] for name in _LINE})}", flush=True)
    return 1 if sums["mutants_caught"] < sums["mutants"] or any(sums[kind] for kind in Kind) else 0


def _show(told: Told) -> None:
    print(f"seed {told.seed}: {dict(told.figures)}", flush=True)
    for breach in told.breaches:
        print(f"seed {told.seed}: {breach}", flush=True)
    if told.breaches:
        print(f"  again: python -m tests.chaos --real --seed {told.seed}", flush=True)


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
