"""What is remembered of the browsers that come from a site's pages: when the SDK was last seen there, and last refused.

So little that strangers cannot fill it: one entry for each of our own routes, and a few refusals.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

NOTED_EVERY = timedelta(minutes=5)
KEPT_FOR = timedelta(days=90)
MOST_REFUSALS = 5
_LONGEST_ORIGIN = 200
_VISIBLE = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class Sight:
    """Somebody came from a page of the site, and got what they asked for. `version` is the SDK's, where it tells."""

    origin: str
    at: datetime
    version: str | None = None


@dataclass(frozen=True)
class Refusal:
    """`what` is the route, after the site key; `code` what the refusal is called. The origin is the browser's word."""

    code: str
    what: str
    origin: str
    at: datetime


@dataclass(frozen=True)
class Sightings:
    """Of one site. `seen` by route; `refusals` newest first, each reason at most once from one origin."""

    seen: Mapping[str, Sight] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()
    rev: int = 0

    @property
    def last_seen(self) -> Sight | None:
        return max(self.seen.values(), key=lambda sight: sight.at, default=None)

    @property
    def version(self) -> str | None:
        """Of the SDK, as it told last: it does so on one route only."""
        told = [sight for sight in self.seen.values() if sight.version is not None]
        last = max(told, key=lambda sight: sight.at, default=None)
        return None if last is None else last.version

    @property
    def last_at(self) -> datetime | None:
        last = [each.at for each in (self.last_seen, *self.refusals[:1]) if each is not None]
        return max(last, default=None)

    def with_sight(self, what: str, sight: Sight) -> Sightings:
        """The same, when that is no news."""
        known = self.seen.get(what)
        if known is not None and sight.at - known.at < NOTED_EVERY:
            return self
        return replace(self, seen={**self.seen, what: sight})

    def with_refusal(self, refusal: Refusal) -> Sightings:
        """The same, when that is no news: one of a kind in a while, from wherever."""
        alike = [each for each in self.refusals if each.code == refusal.code]
        if alike and refusal.at - alike[0].at < NOTED_EVERY:
            return self
        others = (each for each in self.refusals if (each.code, each.origin) != (refusal.code, refusal.origin))
        return replace(self, refusals=(refusal, *others)[:MOST_REFUSALS])


def origin_as_shown(said: str) -> str:
    """What a browser may call itself is anything. Origins are short and visible; of others nothing is kept."""
    return said if len(said) <= _LONGEST_ORIGIN and _VISIBLE.fullmatch(said) else "?"
