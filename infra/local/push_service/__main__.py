"""The stand-in as a process of its own: `python -m infra.local.push_service --port 8443`.

Prints one line of JSON with port and ca_path once it listens, and what it received when it is told to stop.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from infra.local.push_service.service import PushService


def main(arguments: list[str] | None = None) -> int:
    wishes = _parser().parse_args(arguments)
    service = PushService(
        folder=wishes.folder,
        port=wishes.port,
        accept_unknown=wishes.accept_unknown,
        max_concurrent_streams=wishes.max_concurrent_streams,
        ledger_capacity=wishes.ledger_capacity,
    )
    try:
        if wishes.rules is not None:
            service.set_rules(json.loads(wishes.rules.read_text()))
        service.start()
    except (OSError, ValueError) as error:
        print(f"push service stand-in: {error}", file=sys.stderr)
        return 1
    with service:
        print(json.dumps({"port": service.port, "ca_path": str(service.ca_path.resolve())}), flush=True)
        _wait_for_a_signal()
    counts = {str(status or "none"): count for status, count in service.ledger.counts_by_status().items()}
    print(json.dumps({"received": counts}), flush=True)
    return 0


def _wait_for_a_signal() -> None:
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    told.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.local.push_service", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--folder", type=Path, help="where ca.pem and leaf.pem go; default: a temporary folder")
    parser.add_argument("--accept-unknown", action="store_true", help="also take pushes to endpoints of other making")
    parser.add_argument("--max-concurrent-streams", type=int, default=256)
    parser.add_argument("--ledger-capacity", type=int, default=50_000, help="requests kept in full; 0: only counts")
    parser.add_argument("--rules", type=Path, help="JSON list of rules, see rules.py")
    return parser


if __name__ == "__main__":
    sys.exit(main())
