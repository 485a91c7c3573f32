"""Buckets in DynamoDB, one row for each window. Admission is one conditional update, for one request or for a small
share of the bucket that this process then spends from memory; whatever else it remembers only refuses.

An answer that was lost is asked for again, and counts twice: a bucket is empty too soon then, never too late.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, reduce
from threading import Lock

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from chalicelib.aws.dynamo import More, Refused, Table, absent
from chalicelib.aws.places import place_of
from chalicelib.core.clock import in_seconds
from chalicelib.core.limits import Bucket, Room

_LARGEST_SHARE = 0.05
_FIRST_SHARE = 4
_FEWEST_SHARES_LEFT = 4  # what one process keeps, others cannot have: near the end everybody takes one at a time
_MOST_REMEMBERED = 10_000
_KEPT_LONGER = timedelta(minutes=5)


@dataclass
class _Share:
    """Of one window. `remaining` is what the row had left when it was last asked, `leased` the last share's size."""

    ends_at: int
    left: int = 0
    leased: int = 0
    remaining: int | None = None

    def size(self, bucket: Bucket) -> int:
        """Small at first, for hundreds of processes may see the same caller once; a share that is spent is doubled."""
        most = min(bucket.gauges.values())
        left = most if self.remaining is None else self.remaining
        wanted = self.leased * 2 or _FIRST_SHARE
        return max(1, math.floor(min(wanted, most * _LARGEST_SHARE, left / _FEWEST_SHARES_LEFT)))

    @property
    def is_spent(self) -> bool:
        return self.left == 0 and self.remaining == 0


class StoredBuckets:
    """One for a process: it remembers its shares."""

    def __init__(self, *, most_remembered: int = _MOST_REMEMBERED) -> None:
        self._table = Table("idem")
        self._shares: OrderedDict[Bucket, _Share] = OrderedDict()
        self._lock = Lock()
        self._most_remembered = most_remembered

    @property
    def remembered(self) -> int:
        """Of how many buckets something is known here."""
        return len(self._shares)

    def take(self, bucket: Bucket, *, now: datetime) -> Room:
        """One request. Raises Unavailable when nobody can say whether there is room."""
        with self._lock:
            share = self._share(bucket, bucket.window_end(now))
            if share.left:
                share.left -= 1
                return _room(bucket, share, now)
            if share.is_spent:
                return _room(bucket, share, now, is_admitted=False)
            size = share.size(bucket)
        leased, remaining = self._lease(bucket, size, share.ends_at, now)
        with self._lock:
            share.leased, share.remaining = leased, remaining
            share.left += max(0, leased - 1)
            return _room(bucket, share, now, is_admitted=leased > 0)

    def _share(self, bucket: Bucket, ends_at: int) -> _Share:
        share = self._shares.pop(bucket, None)
        if share is None or share.ends_at != ends_at:
            share = _Share(ends_at)
        self._shares[bucket] = share
        if len(self._shares) > self._most_remembered:
            self._shares.popitem(last=False)
        return share

    def _lease(self, bucket: Bucket, size: int, ends_at: int, now: datetime) -> tuple[int, int]:
        """How many were got, and how many are left for everybody. What is too much may still do as a single one."""
        left = 0
        for wanted in dict.fromkeys((size, 1)):
            try:
                return wanted, self._count(bucket, wanted, ends_at, now)
            except Refused as refused:
                left = _left(bucket, refused.row or {})
                if left <= 0:
                    break
        return 0, max(0, left)

    def _count(self, bucket: Bucket, wanted: int, ends_at: int, now: datetime) -> int:
        kept_until = datetime.fromtimestamp(ends_at, now.tzinfo) + _KEPT_LONGER
        counted = {gauge: More(wanted) for gauge in bucket.gauges}
        rows = {"v": 1, "ttl": in_seconds(kept_until), **counted}
        fits = (_fits(gauge, most - wanted) for gauge, most in bucket.gauges.items())
        row = self._table.count(
            f"BUCKET#{place_of(bucket.rule, bucket.whose)}#{ends_at}", "-", rows, reduce(_both, fits)
        )
        return max(0, _left(bucket, row))


def _fits(gauge: str, most: int) -> Condition:
    fits: Condition = absent(gauge) | (Path(gauge) <= most)
    return fits


def _both(one: Condition, other: Condition) -> Condition:
    both: Condition = one & other
    return both


def _left(bucket: Bucket, row: dict[str, int]) -> int:
    return min(most - row.get(gauge, 0) for gauge, most in bucket.gauges.items())


def _room(bucket: Bucket, share: _Share, now: datetime, *, is_admitted: bool = True) -> Room:
    return Room(
        limit=min(bucket.gauges.values()),
        remaining=share.left + (share.remaining or 0) if is_admitted else 0,
        resets_in_seconds=max(1, share.ends_at - in_seconds(now)),
        is_admitted=is_admitted,
    )


@cache
def buckets() -> StoredBuckets:
    return StoredBuckets()
