"""`make cost`: what a million notifications and an idle month cost on AWS list prices. Fails if either is too much."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from infra.cost import what_if
from infra.cost.batch_simulation import Averages, simulate
from infra.cost.bill import Bill
from infra.cost.declared import Declared, Unpriced, declared, packaged
from infra.cost.demo_run import LANE, Run, demo_run
from infra.cost.door import Unfinished
from infra.cost.events import events, events_if
from infra.cost.idle_month import idle_month
from infra.cost.latency import Mix
from infra.cost.page import PAGE, renew
from infra.cost.per_million import million, per_million, push_bytes
from infra.cost.storage import storage
from infra.packaging.refusal import Refused

MOST_USD_PER_MILLION = 0.30
MOST_USD_IDLE_MONTH = 10.00
_SUBSCRIBERS = 3_904  # eight batches of 488, as a million makes 2,048 of them


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    try:
        return cost(options)
    except (Unfinished, Unpriced, Refused) as error:
        print(f"cost: {error}", file=sys.stderr)
        return 1


def cost(options: argparse.Namespace) -> int:
    stands = declared(packaged())
    batch = simulate(stands.machines[LANE], Mix(), at_once=stands.at_once[LANE])
    demo = demo_run(subscribers=options.subscribers)
    campaign, idle = per_million(demo, batch, stands.machines), idle_month(stands, demo.idle)
    told = events(demo.told, stands.machines)
    bills = [bill.text() for bill in (campaign, told, idle, storage(million(demo, batch)))]
    is_wondering = options.what_if or options.write
    others = [what_if.text(demo, stands), events_if(demo.told, stands.machines)] if is_wondering else []
    tables = "\n\n".join([_how(demo, batch, stands), *bills, *others, last_line(campaign, told, idle)])
    print(tables)
    if options.write:
        renew(PAGE, tables)
    return int(is_too_dear(campaign, idle))


def is_too_dear(campaign: Bill, idle: Bill) -> bool:
    return campaign.usd > MOST_USD_PER_MILLION or idle.usd > MOST_USD_IDLE_MONTH


def last_line(campaign: Bill, told: Bill, idle: Bill) -> str:
    """For machines."""
    figures = {
        "usd_per_million": round(campaign.usd, 4),
        "usd_per_million_events": round(told.usd, 2),
        "usd_idle_month": round(idle.usd, 2),
    }
    return f"COST {json.dumps(figures)}"


def _how(demo: Run, batch: Averages, stands: Declared) -> str:
    machine, at_once = stands.machines[LANE], stands.at_once[LANE]
    requests, checkpoints = len(demo.campaign.calls), batch.asked["save"]
    told = (
        f"The demo run: {demo.subscribers:,} subscribers in {demo.batches} batches, {requests} requests to AWS.",
        f"A push: {demo.plaintext_bytes} bytes of message, {push_bytes(demo):,.0f} bytes out.",
        f"A batch: {batch.seconds:.2f} s of Lambda at {machine.megabytes} MB, {checkpoints:.1f} checkpoints.",
        f"An invocation: {at_once} batches at once, in {batch.seconds / batch.invocations:.1f} s.",
    )
    return "\n".join(told)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.cost", description="What the product costs on AWS.")
    parser.add_argument("--subscribers", type=int, default=_SUBSCRIBERS, help="of the demo run (%(default)s)")
    parser.add_argument("--what-if", action="store_true", help="also under other assumptions")
    parser.add_argument("--write", action="store_true", help="all of it, and into docs/cost.md")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
