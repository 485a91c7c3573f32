"""What `make bench B=scale` prints, and puts into docs/scale.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor, isfinite

from bench.simulation import limits
from bench.simulation.dollars import bill
from bench.simulation.scenarios import Alone, Fairness, WhatIf, median
from bench.simulation.settings import Line, Settings
from chalicelib.features.sending.model.run import Lane

_BULK = Lane.BULK.value
_STEPS = 6
SIZES = ("1m", "10m", "100m")


@dataclass(frozen=True)
class Row:
    """A line of the fairness table."""

    what: str
    figures: Fairness


def settings_text(settings: Settings) -> str:
    told = [
        f"  {line.name:<19} {line.machine.megabytes:>5} MB   at most {' + '.join(map(str, line.mappings)):<10}"
        f" at once{f', {line.reserved} reserved' if line.reserved else ''}{_messages(line)}"
        for line in settings.lines.values()
    ]
    plan = f"  {settings.rows_per_batch} rows a batch, a window of {settings.window}"
    return "\n".join(["The product as it would be deployed", *told, plan])


def _messages(line: Line) -> str:
    return f", {line.at_once} messages an invocation" if line.at_once > 1 else ""


def sizes_text(sizes: Mapping[str, Alone]) -> str:
    head = f"  {'subscribers':>11} {'batches':>8} {'first':>7} {'half':>8} {'99.9 %':>8} {'last':>9}"
    head += f" {'slowest seed':>13} {'most at once':>13} {'cold':>5} {'USD':>9} {'USD/M':>7}"
    return "\n".join(["One campaign, seconds from the request", head, *map(_size, sizes.values())])


def _size(found: Alone) -> str:
    send, line = found.send, found.world.lines[_BULK]
    assert send.run is not None, "it was planned"
    usd = bill(found.world, "-").usd
    times = (send.first_push_at - send.asked_at, send.reached_by(0.5), send.reached_by(0.999), send.took)
    first, half, most, last = map(_seconds, times)
    return (
        f"  {send.subscribers:>11,} {send.run.batches:>8,} {first:>7} {half:>8} {most:>8} {last:>9}"
        f" {_seconds(max(found.by_seed)):>13} {line.most_in_flight:>13} {line.cold_starts:>5} {usd:>9,.2f}"
        f" {usd * 1e6 / send.pushes:>7.4f}" + ("" if isfinite(send.took) else _unfinished(found))
    )


def _seconds(seconds: float) -> str:
    return f"{seconds:,.1f}" if isfinite(seconds) else "-"


def _unfinished(found: Alone) -> str:
    hours = found.world.longest_seconds / 3_600
    return f"\n{'':>22}after {hours:.0f} h {found.send.share_reached:.0%} are reached; the planner gets no further"


def what_ifs_text(found: Iterable[WhatIf]) -> str:
    head = f"  {'':<58} {'1,000,000':>10} {'slowest seed':>13} {'10,000,000':>11}"
    rows = [
        f"  {each.what:<58} {each.million.seconds:>10.1f} {max(each.million.by_seed):>13.1f}"
        f" {each.ten_millions.seconds:>11.1f}"
        for each in found
    ]
    return "\n".join(["Seconds until the last answer, if there were …", head, *rows])


def concurrency_text(sizes: Mapping[str, Alone]) -> str:
    return "\n".join(["Bulk workers at once, over time", *(_concurrency(found) for found in sizes.values())])


def _concurrency(found: Alone) -> str:
    lasted = min(found.send.took, found.world.longest_seconds)
    moments = [floor(found.send.asked_at + lasted * step / _STEPS) for step in range(1, _STEPS + 1)]
    cells = [f"{_at_once(found, second):>4} at {second:,} s" for second in moments]
    return f"  {found.send.subscribers:>11,}  " + ", ".join(cells)


def _at_once(found: Alone, second: int) -> int:
    """As the last change before it left them."""
    changes = found.world.concurrency
    return changes[max(known for known in changes if known <= second and _BULK in changes[known])][_BULK]


def hottest_text(sizes: Mapping[str, Alone]) -> str:
    lines = ["The hottest keys, units in their busiest second"]
    for found in sizes.values():
        for table in found.world.tables.values():
            for hot in table.hottest():
                if hot.units_a_second:
                    limit = limits.PARTITION_READS if hot.kind == "read" else limits.PARTITION_WRITES
                    lines.append(
                        f"  {found.send.subscribers:>11,}  {hot.table:<5} {hot.key:<24} {hot.units_a_second:>6,.0f}"
                        f" {hot.kind} units of {limit.value:,.0f};  {table.throttled:,} requests waited,"
                        f" {table.partitions} partitions"
                    )
    return "\n".join(lines)


def fairness_text(rows: Sequence[Row]) -> str:
    head = f"  {'':<58} {'million':>8} {'median':>7} {'p95':>6} {'worst':>6} {'notified: median':>17} {'worst':>6}"
    return "\n".join(["Beside a million, seconds", head, *map(_fairness, rows)])


def _fairness(row: Row) -> str:
    found = row.figures
    return (
        f"  {row.what:<58} {found.big.took:>8.1f} {median(found.quiet):>7.1f} {found.quiet_p95:>6.1f}"
        f" {max(found.quiet):>6.1f} {median(found.notified):>17.2f} {found.slowest_notification:>6.2f}"
    )


def crowds_text(crowds: Mapping[str, Sequence[float]]) -> str:
    head = f"  {'':<40} {'first done':>10} {'median':>8} {'last':>8}"
    rows = [f"  {what:<40} {took[0]:>10.1f} {median(took):>8.1f} {took[-1]:>8.1f}" for what, took in crowds.items()]
    return "\n".join(["Everybody in the same second, seconds until a tenant is done", head, *rows])


def limits_text() -> str:
    return "\n".join(["Published limits", *_limits()])


def _limits() -> Iterator[str]:
    for name, limit in limits.published().items():
        yield f"  {name:<20} {limit.value:>14,g}  {limit.what}\n{'':<38}{limit.source}, read on {limit.read_on}"


def last_line(sizes: Mapping[str, Alone]) -> str:
    """For machines. null: not done within the simulated time."""
    figures = {f"seconds_{name}": round(s, 1) if isfinite(s := sizes[name].seconds) else None for name in SIZES}
    return f"BENCH {json.dumps(figures | {'usd_1m': round(bill(sizes['1m'].world, '-').usd, 4)})}"
