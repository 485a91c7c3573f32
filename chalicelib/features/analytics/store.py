"""Rows of the events table: a run's sums, in sixteen partitions, and its marks, in 256.

| pk | sk | holds |
|---|---|---|
| `E#<tenant>#<run>#<0-f>` | `TOTAL` | a sixteenth of the sums (`model.figures_of`), each an attribute: `n:c`, `h17:c` |
| `E#<tenant>#<run>#<00-ff>` | `M#<kind>#<32 hex>` | that this recipient's event was counted; by its first two digits |

A transaction puts the marks of many events, whichever partitions they belong to, and adds them to one `TOTAL`. Which
one is left to chance: those who count at the same time should not meet.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from chalicelib.aws.dynamo import More, Put, Refused, Table, Update, absent, look_up, transact
from chalicelib.aws.values import Row, known
from chalicelib.core import chance
from chalicelib.core.errors import Unavailable
from chalicelib.features.analytics.model import MARKS_KEPT_FOR, Event, Figures, figures_of, read_figures
from chalicelib.features.campaigns.model import RUNS_KEPT_FOR
from chalicelib.features.sending.model.run import Run

_VERSION = 1
_SHARDS = "0123456789abcdef"
_MARK_DIGITS = 2
_TOTAL = "TOTAL"
_TRIES = 5
_PAUSE_SECONDS = 0.05
_WRITER_BYTES = 6
_NOT_SUMS = {"pk", "sk", "v", "ttl"}


class RunReading(NamedTuple):
    """Where another slice keeps its runs, and what their rows say."""

    place: Callable[[str, str], tuple[str, str]]
    run: Callable[[str, Row], Run]


class EventRows:
    def __init__(self, *, reading: RunReading) -> None:
        self._events = Table("events")
        self._sends = Table("sends")
        self._reading = reading

    def add(self, tenant_id: str, run_id: str, events: Sequence[Event]) -> int:
        """Those with a mark already are left out, and the rest tried again: each round has fewer."""
        left = {mark_place(tenant_id, run_id, event): event for event in events}
        while left:
            standing = self._put(tenant_id, run_id, left)
            if not standing:
                break
            left = {place: event for place, event in left.items() if place not in standing}
        return len(left)

    def run(self, tenant_id: str, run_id: str) -> Run | None:
        row = self._sends.get(*self._reading.place(tenant_id, run_id))
        return self._reading.run(tenant_id, row) if row else None

    def run_with_figures(self, tenant_id: str, run_id: str) -> tuple[Run, Figures] | None:
        places = [(self._events, (_pk(tenant_id, run_id, shard), _TOTAL)) for shard in _SHARDS]
        found = list(look_up([(self._sends, self._reading.place(tenant_id, run_id)), *places]))
        rows = [row for table, row in found if table == self._sends]
        if not rows:
            return None
        run = self._reading.run(tenant_id, rows[0])
        sums = [_sums(row) for table, row in found if table == self._events]
        return run, read_figures(sums, began_at=run.created_at)

    def _put(self, tenant_id: str, run_id: str, events: Mapping[tuple[str, str], Event]) -> set[tuple[str, str]]:
        """Nothing, when all of them are counted now; else those that stand in the way. Somebody else in the same place
        at the same time is let go first: five times, then Unavailable.
        """
        writes = self._writes(tenant_id, run_id, events)
        for attempt in range(1, _TRIES + 1):
            try:
                transact(*writes)
            except Refused as refused:
                return {(row["pk"], row["sk"]) for row in refused.rows}
            except Unavailable:
                if attempt == _TRIES:
                    raise
                time.sleep(chance.uniform() * _PAUSE_SECONDS * 2**attempt)
            else:
                break
        return set()

    def _writes(self, tenant_id: str, run_id: str, events: Mapping[tuple[str, str], Event]) -> list[Put | Update]:
        """Marks name their writer: another's is never taken for ours."""
        writer, began = chance.token(_WRITER_BYTES), min(event.began for event in events.values())
        keep = {"v": _VERSION, "ttl": began + _seconds(MARKS_KEPT_FOR), "by": writer}
        marks = [Put(self._events, {"pk": pk, "sk": sk, **keep}, absent()) for pk, sk in events]
        sums = {name: More(number) for name, number in figures_of(events.values()).items()}
        total = {"v": _VERSION, "ttl": began + _seconds(RUNS_KEPT_FOR), **sums}
        return [*marks, Update(self._events, _pk(tenant_id, run_id, _SHARDS[writer[0] & 15]), _TOTAL, total)]


def mark_place(tenant_id: str, run_id: str, event: Event) -> tuple[str, str]:
    """A million who tell within a minute write 33,000 units a second, and a partition takes 1,000."""
    mark = event.mark.hex()
    return _pk(tenant_id, run_id, mark[:_MARK_DIGITS]), f"M#{event.kind.value}#{mark}"


def _pk(tenant_id: str, run_id: str, shard: str) -> str:
    return f"E#{tenant_id}#{run_id}#{shard}"


def _sums(row: Row) -> dict[str, int]:
    return {name: number for name, number in known(row, newest=_VERSION).items() if name not in _NOT_SUMS}


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
