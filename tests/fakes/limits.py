"""Buckets and attempts in memory. Each may be away, and each writes the names of its calls into `calls`."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from chalicelib.core import ids
from chalicelib.core.errors import OverLimit, Unavailable
from chalicelib.core.limits import Attempt, Bucket, Room, Rule


class MemoryBuckets:
    def __init__(self) -> None:
        self.used: Counter[tuple[str, str, int, str]] = Counter()
        self.asked = 0
        self.is_away = False

    def take(self, bucket: Bucket, *, now: datetime) -> Room:
        self.asked += 1
        if self.is_away:
            raise Unavailable
        ends_at = bucket.window_end(now)
        keys = {(bucket.rule.name, bucket.whose, ends_at, gauge): most for gauge, most in bucket.gauges.items()}
        is_admitted = all(self.used[key] < most for key, most in keys.items())
        self.used.update(dict.fromkeys(keys, 1) if is_admitted else {})
        remaining = min(most - self.used[key] for key, most in keys.items())
        resets = max(1, ends_at - int(now.timestamp()))
        return Room(min(keys.values()), remaining, resets, is_admitted=is_admitted)


class MemoryAttempts:
    def __init__(self, calls: list[str] | None = None) -> None:
        self.calls = calls if calls is not None else []
        self.made: dict[tuple[str, str], dict[str, datetime]] = {}
        self.is_away = False

    def begin(self, *, rule: Rule, whose: str, now: datetime) -> Attempt:
        self.calls.append(f"begin {rule.name}")
        self._may_answer()
        window = timedelta(seconds=rule.window_seconds)
        there = {mark: until for mark, until in self.made.get((rule.name, whose), {}).items() if until > now}
        if len(there) >= rule.most:
            raise OverLimit(retry_after_seconds=(min(there.values()) - now).total_seconds())
        mark = ids.ulid()
        self.made[rule.name, whose] = there | {mark: now + window}
        return Attempt(f"{rule.name}\0{whose}", "", mark)

    def forgive(self, attempt: Attempt) -> None:
        name, whose = attempt.place.split("\0")
        self.calls.append(f"forgive {name}")
        self._may_answer()
        self.made[name, whose].pop(attempt.mark, None)

    def _may_answer(self) -> None:
        if self.is_away:
            raise Unavailable
