"""What it is for the events table when those whom a campaign reached tell it at once. Arithmetic over the product's own
keys and marks: nothing waits in it, so the figure is what DynamoDB would be asked for. For `docs/scale.md`.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import NamedTuple

from bench.simulation import limits
from chalicelib.core.receipts import Mint, Receipts
from chalicelib.features.analytics.model import Event, Kind
from chalicelib.features.analytics.store import mark_place

UNITS_OF_A_MARK = 2  # a small row, put in a transaction
_TENANT, _RUN = "ten_01kjmv5dz0000000000000000a", "run_01kjmv5dz0000000000000000r"
_BEGAN_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
_SAMPLE_SECONDS = 3


class Told(NamedTuple):
    units_a_second: float
    partitions: int
    hottest_units_a_second: float
    new_table_seconds: float


def told(displays: int, *, within_seconds: int) -> Told:
    """All of them evenly within so many seconds; the hottest key is that of the first few."""
    rate = displays / within_seconds
    receipts = Receipts(b"pepper")
    mint = receipts.mint(tenant_id=_TENANT, run_id=_RUN, began_at=_BEGAN_AT)
    marks = Counter(_partition(receipts, mint, number) for number in range(int(rate * _SAMPLE_SECONDS)))
    return Told(
        units_a_second=rate * UNITS_OF_A_MARK,
        partitions=len(marks),
        hottest_units_a_second=max(marks.values()) * UNITS_OF_A_MARK / _SAMPLE_SECONDS,
        new_table_seconds=displays * UNITS_OF_A_MARK / limits.NEW_TABLE_WRITES.value,
    )


def _partition(receipts: Receipts, mint: Mint, number: int) -> str:
    receipt = receipts.read(mint.receipt(number.to_bytes(16)).decode())
    return mark_place(_TENANT, _RUN, Event(Kind.DISPLAYED, _RUN, receipts.mark(receipt), 0, 0))[0]
