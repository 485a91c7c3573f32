"""What planning a campaign costs: the real planner, stores and queues, for 100 thousand, a million and ten million.

Each plan is made in a process of its own, beside moto in this one; the subscribers are made up as they are read.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from bench import _aws
from bench._ring_of import RingOf

SIZES = {"100k": 100_000, "1m": 1_000_000, "10m": 10_000_000}
BARS = {"rss_growth_mb": 10.0, "sqs_calls_1m": 260.0, "subscriber_rows_read": 1_000.0}
_WARM_UP = 2_000
_MB = 1 << 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.fanout")
    parser.add_argument("--plan", type=int, help="in this process, for so many")
    subscribers = parser.parse_args().plan
    if subscribers is not None:
        print(json.dumps(plan(subscribers)))
        return 0
    with _aws.standing() as environment:
        found = {
            name: _aws.child("bench.fanout", "--plan", str(size), environment=environment)
            for name, size in SIZES.items()
        }
    return _report(found)


def plan(subscribers: int) -> dict[str, float]:
    """After a small one, so that nothing is counted that every process needs."""
    from chalicelib.core import drive
    from chalicelib.features.sending.service.plan import launch
    from chalicelib.features.sending.wiring import ports

    ring, calls = RingOf(_WARM_UP), _Calls()
    table = _aws.listening("before-send.dynamodb.Query", ring.answer)
    queue = _aws.listening("before-call.sqs", calls.count)
    with table, queue:
        drive.run(launch(ports(), _aws.campaign_run()))
        ring.subscribers, ring.rows_read, calls.number = subscribers, 0, 0
        _forget_the_peak()
        before = _memory("VmRSS")
        run = drive.run(launch(ports(), _aws.campaign_run()))
    return {
        "batches": run.batches or 0,
        "estimate": run.estimate.audience if run.estimate else 0,
        "rss_growth_mb": (_memory("VmHWM") - before) / _MB,
        "sqs_calls": calls.number,
        "subscriber_rows_read": ring.rows_read,
    }


class _Calls:
    number = 0

    def count(self, **_: object) -> None:
        self.number += 1


def _forget_the_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _memory(name: str) -> int:
    """In bytes, as the kernel keeps it of this process: VmRSS now, VmHWM at its highest."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


def _report(found: dict[str, dict[str, float]]) -> int:
    for name, plan_of in found.items():
        print(f"  {name:>5}: " + "   ".join(f"{figure} {value:,.1f}" for figure, value in plan_of.items()))
    line = {
        "rss_growth_mb": round(max(each["rss_growth_mb"] for each in found.values()), 1),
        "sqs_calls_1m": found["1m"]["sqs_calls"],
        "subscriber_rows_read": max(each["subscriber_rows_read"] for each in found.values()),
    }
    print("BENCH", json.dumps(line))
    return int(any(value > BARS[figure] for figure, value in line.items()))


if __name__ == "__main__":
    sys.exit(main())
