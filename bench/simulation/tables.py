"""DynamoDB as far as it can slow a campaign: partitions that serve so many units a second, and keys that share them.

A request beyond its partition's rate waits its turn; no burst credit is counted, nor that DynamoDB splits what is hot.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from operator import itemgetter

from bench.simulation import limits


class Place(StrEnum):
    """What a worker asks of, before it is known whose."""

    SUBS = "subs"
    RECORD = "record"
    RUN = "run"
    GATES = "gates"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True)
class Use:
    """So many units at one kind of place, so many seconds after a worker began; `share` of a partition's second."""

    after_seconds: int
    place: Place
    reads: float
    writes: float
    share: float = field(init=False)

    def __post_init__(self) -> None:
        share = self.reads / limits.PARTITION_READS.value + self.writes / limits.PARTITION_WRITES.value
        object.__setattr__(self, "share", share)


@dataclass(frozen=True)
class Hottest:
    table: str
    key: str
    units_a_second: float
    kind: str


@dataclass
class Table:
    """`stored_bytes` and `peak_reads` decide how many partitions there are; a new table has four."""

    name: str
    stored_bytes: float = 0.0
    peak_reads: float = 0.0
    throttled: int = 0
    reads: dict[tuple[str, int], float] = field(default_factory=lambda: defaultdict(float))
    writes: dict[tuple[str, int], float] = field(default_factory=lambda: defaultdict(float))

    def __post_init__(self) -> None:
        serves = max(limits.NEW_TABLE_READS.value, limits.GROWTH.value * self.peak_reads)
        by_rate = ceil(min(serves, limits.TABLE_MOST.value) / limits.PARTITION_READS.value)
        by_size = ceil(self.stored_bytes / limits.PARTITION_BYTES.value)
        self.partitions = max(by_rate, by_size)
        self._places: dict[str, int] = {}
        self._load: dict[tuple[int, int], float] = defaultdict(float)  # of a partition in a second; 1.0 is all it has

    def serve(self, use: Use, key: str, at: float) -> float:
        """Seconds it waits for its turn. Asked in any order: each second is a room of its own."""
        place, second = self._place_of(key), int(at)
        while self._load[place, second] >= 1.0:
            second += 1
        waits = second - int(at)
        self._load[place, second] += use.share
        self.throttled += waits > 0
        if use.reads:
            self.reads[key, second] += use.reads
        if use.writes:
            self.writes[key, second] += use.writes
        return waits

    def _place_of(self, key: str) -> int:
        found = self._places.get(key)
        if found is None:
            found = self._places[key] = zlib.crc32(key.encode()) % self.partitions
        return found

    def hottest(self) -> list[Hottest]:
        found = []
        for kind, used in (("read", self.reads), ("write", self.writes)):
            (key, _), units = max(used.items(), key=itemgetter(1), default=(("-", 0), 0.0))
            found.append(Hottest(self.name, key, units, kind))
        return found
