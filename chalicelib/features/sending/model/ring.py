"""The ring of subscription keys and how a run divides it: pure functions, so that the plan needs no memory.

A key is 16 bytes; its first hex digit is the shard. Batch `n` of R (a power of two) owns the n-th equal arc.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

KEY_BYTES = 16
FIRST = bytes(KEY_BYTES)
LAST = b"\xff" * KEY_BYTES
_RING = 1 << (8 * KEY_BYTES)


@dataclass(frozen=True)
class Arc:
    """Keys from `start` to `end`, both included."""

    start: bytes
    end: bytes


def arc(batch: int, batches: int) -> Arc:
    width = _RING // batches
    start = batch * width
    return Arc(start.to_bytes(KEY_BYTES), (start + width - 1).to_bytes(KEY_BYTES))


def after(key: bytes) -> bytes:
    """The next key; the last one wraps to the first."""
    return ((int.from_bytes(key) + 1) % _RING).to_bytes(KEY_BYTES)


def span(start: bytes, end: bytes) -> float:
    """The share of the ring from `start` to `end`, both included, going upwards and around."""
    keys = (int.from_bytes(end) - int.from_bytes(start)) % _RING + 1
    return keys / _RING


def batches_for(rows: float, rows_per_batch: int) -> int:
    """The power of two nearest, by logarithm, to rows / rows_per_batch; at least one."""
    if rows <= rows_per_batch:
        return 1
    return 1 << round(math.log2(rows / rows_per_batch))


def spread(batches: int) -> Iterator[int]:
    """Every batch once, in bit-reversed order: neighbours in time are far apart on the ring, so no partition is hot."""
    for number in range(batches):
        yield place_of(number, batches)


def place_of(number: int, batches: int) -> int:
    """Where a batch stands in that order: reversing its bits twice is itself."""
    bits = batches.bit_length() - 1
    return int(format(number, f"0{bits}b")[::-1], 2) if bits else 0
