"""How many of a site's subscribers a push really reaches: an expectation, by how long ago each was last known to live.
docs/health.md argues the chances and has their table from here.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, sqrt
from typing import TypeVar

from chalicelib.core.clock import from_milliseconds
from chalicelib.core.ports import Chance
from chalicelib.features.subscriptions.model import KEY_BYTES, Subscription, is_unseen
from chalicelib.features.subscriptions.service.ports import SiteBook, SubscriptionStore

K = TypeVar("K", bound=Hashable)

SAMPLE_ROWS = 1_000
_RING = 1 << (8 * KEY_BYTES)
_DIGITS = 3  # of a number as people say it
_SURE = 1.96  # standard deviations: nineteen times out of twenty


@dataclass(frozen=True)
class Step:
    """What is expected of a browser whose last proof of life is at most so old. None: older than all others."""

    days: int | None
    chance: float
    because: str

    def holds(self, age: timedelta) -> bool:
        return self.days is None or age <= timedelta(days=self.days)


STEPS = (
    Step(1, 0.99, "It was there today; the rest is a permission taken back since."),
    Step(7, 0.97, "A browser that is used every week."),
    Step(30, 0.90, "Google calls a device stale that it has not met for a month: most here are younger."),
    Step(90, 0.70, "Many devices are put away or set up anew; Firefox drops who is idle for two months."),
    Step(180, 0.45, "More have gone than stayed."),
    Step(270, 0.25, "Google gives up a subscription after 270 days without its device."),
    Step(None, 0.05, "Lives only who neither comes by nor shows, clicks or dismisses anything, though it could."),
)


@dataclass(frozen=True)
class Part:
    subscribers: int
    reachable: int


@dataclass(frozen=True)
class Health:
    """Numbers are rounded, each by itself. `error_bound`: how far `reachable` may be off, of a sample; 0 where all were
    read. `score` is None where there is nobody.
    """

    subscribers: int
    reachable: int
    score: float | None
    error_bound: int
    is_exact: bool
    by_age: Sequence[tuple[Step, Part]]
    by_browser: Mapping[str, Part]
    needs_resubscribe: int
    sunset_after_days: int | None
    sunset_due: int


class Checkup:
    def __init__(self, *, store: SubscriptionStore, sites: SiteBook, chance: Chance) -> None:
        self._store = store
        self._sites = sites
        self._chance = chance

    def of_site(self, *, tenant_id: str, site_id: str, now: datetime) -> Health:
        """By all rows of a small site, by the density of a sample of a large one, as a campaign's audience is."""
        site = self._sites.get(tenant_id=tenant_id, site_id=site_id)
        rows, covered = self._sample(tenant_id, site_id)
        return _health([row for row in rows if row.is_active], covered, site.sunset_after_days, now)

    def _sample(self, tenant_id: str, site_id: str) -> tuple[Sequence[Subscription], float]:
        """From a random point of the ring onwards, around it if need be; and the share of the ring that was read. One
        more than a sample is asked for: its being there tells that there are more.
        """
        first, limit = self._chance.token(KEY_BYTES), SAMPLE_ROWS + 1
        rows, _ = self._store.page(tenant_id, site_id, after=first, limit=limit)
        if len(rows) < limit:
            rest, _ = self._store.page(tenant_id, site_id, after=None, to=first, limit=limit - len(rows))
            rows = [*rows, *rest]
        if len(rows) < limit:
            return rows, 1.0
        sample = rows[:SAMPLE_ROWS]
        return sample, (int.from_bytes(sample[-1].key) - int.from_bytes(first)) % _RING / _RING


def chance_of(subscription: Subscription, *, now: datetime) -> float:
    return 0.0 if subscription.trouble else _step_of(subscription, now).chance


def short(number: int) -> str:
    """As people say it: 71.2k, 1.3M."""
    for letter, size in (("M", 1_000_000), ("k", 1_000)):
        if round(number, _DIGITS - len(str(number))) >= size:
            return f"{number / size:.{_DIGITS}g}{letter}"
    return str(number)


def _health(active: Sequence[Subscription], covered: float, days: int | None, now: datetime) -> Health:
    chances = [chance_of(row, now=now) for row in active]
    ages = _grouped((_step_of(row, now) for row in active), chances, covered)
    due = sum(days is not None and is_unseen(row, days=days, now=now) for row in active)
    return Health(
        subscribers=round(len(active) / covered),
        reachable=round(sum(chances) / covered),
        score=sum(chances) / len(active) if active else None,
        error_bound=0 if covered == 1 else ceil(_SURE * sqrt(sum(chance**2 for chance in chances)) / covered),
        is_exact=covered == 1,
        by_age=[(step, ages.get(step, Part(0, 0))) for step in STEPS],
        by_browser=_grouped((row.browser for row in active), chances, covered),
        needs_resubscribe=round(sum(row.trouble is not None for row in active) / covered),
        sunset_after_days=days,
        sunset_due=round(due / covered),
    )


def _grouped(names: Iterable[K], chances: Iterable[float], covered: float) -> dict[K, Part]:
    found: dict[K, list[float]] = {}
    for name, chance in zip(names, chances, strict=True):
        found.setdefault(name, []).append(chance)
    return {name: Part(round(len(there) / covered), round(sum(there) / covered)) for name, there in found.items()}


def _step_of(subscription: Subscription, now: datetime) -> Step:
    age = now - from_milliseconds(subscription.packed.seen_ms)
    return next(step for step in STEPS if step.holds(age))
