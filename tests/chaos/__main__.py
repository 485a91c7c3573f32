"""`make chaos`: many seeds of the storm, one line of sums; `--seed N` tells one story."""

from __future__ import annotations

import argparse
import json
import sys

from tests.chaos.plots import replay, storm
from tests.chaos.story import Story


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--subscribers", type=int, default=200)
    asked = parser.parse_args()
    plot = storm(asked.subscribers)
    seeds = [asked.seed] if asked.seed is not None else range(asked.seeds)
    sums = dict.fromkeys(
        (
            "seeds",
            "subscribers",
            "lost",
            "bound_broken",
            "count_mismatch",
            "unfinished",
            "kills",
            "unknown",
            "duplicates",
        ),
        0,
    )
    sums["subscribers"] = asked.subscribers
    is_fine = True
    for seed in seeds:
        story = Story(seed, plot)
        is_finished = story.tell()
        faults = story.faults()
        sums["seeds"] += 1
        sums["unfinished"] += not is_finished
        sums["lost"] += abs(story.lost) if is_finished else 0
        sums["bound_broken"] += story.duplicates > story.duplicates_allowed
        sums["count_mismatch"] += story.miscounted > 0
        sums["kills"] += story.simulation.tally.kills
        sums["unknown"] += story.services.unknown
        sums["duplicates"] += story.duplicates
        if faults or asked.seed is not None:
            is_fine = is_fine and not faults
            print(f"seed {seed}: {'; '.join(faults) or 'fine'} {story.totals.counts} {story.simulation.tally}")
        if faults:
            print(f"  replay: {replay(seed, plot)}")
    print(f"CHAOS {json.dumps(sums)}")
    return 0 if is_fine else 1


if __name__ == "__main__":
    sys.exit(main())
