"""What a site knows of one push host: whether it may be pushed to now, and whether its "gone" is believed.

Shared by all workers of the site. Written when it changes, read when a batch is opened and while it is worked on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

MOST_REFUSALS = 20
_ADDED_UP_FOR = timedelta(days=7)  # a small site's daily campaign has few refusals a day
_HEARD_OUT_FOR = timedelta(seconds=3)  # batches that began together end together: some may have been taken from
_LONGEST = timedelta(hours=24)
_MOST_DOUBLINGS = 8


class Closure(StrEnum):
    BUSY = "busy"  # the service asks us to wait, or is not there
    REFUSED = "vapid_refused"  # it does not take our signature: ours to mend


_FIRST = {Closure.BUSY: timedelta(minutes=1), Closure.REFUSED: timedelta(hours=1)}


@dataclass(frozen=True)
class Gate:
    """`closures` are those since the last push that it took: each lasts twice as long as the one before. `refused` our
    signature so often since then, in all batches that have told so; the first time `refused_since`.
    """

    host: str
    closed_until: datetime | None = None
    closure: Closure | None = None
    closures: int = 0
    suspected_at: datetime | None = None
    answers: int = 0
    gone: int = 0
    trusted_until: datetime | None = None
    refused: int = 0
    refused_since: datetime | None = None
    teller: str = ""  # who added last: two that add the same to the same would take each other's row for their own
    rev: int = 0

    def is_closed(self, *, now: datetime) -> bool:
        return self.closed_until is not None and now < self.closed_until

    @property
    def is_suspected(self) -> bool:
        return self.suspected_at is not None

    def believes(self, *, now: datetime) -> bool | None:
        """What is known of its "gone" already; None: let the answers speak."""
        if self.trusted_until is not None and now < self.trusted_until:
            return True
        return False if self.is_suspected else None

    @property
    def is_on_probation(self) -> bool:
        """It was closed, and nothing has got through since."""
        return self.closures > 0

    def closed(self, closure: Closure, *, now: datetime, wish: timedelta) -> Gate:
        pause = _FIRST[closure] * float(2 ** min(self.closures, _MOST_DOUBLINGS))
        until = now + min(_LONGEST, max(pause, wish))
        closures = self.closures + 1
        return replace(self, closed_until=until, closure=closure, closures=closures, refused=0, refused_since=None)

    def opened(self) -> Gate:
        return replace(self, closed_until=None, closure=None, closures=0, refused=0, refused_since=None)

    def told(self, refusals: int, *, has_taken: bool, now: datetime) -> Gate:
        """What one batch heard: so many refusals, since the last push that it took if it has taken any."""
        since, total = self.refused_since, self.refused + refusals
        if has_taken or since is None or now - since >= _ADDED_UP_FOR:
            return replace(self, refused=refusals, refused_since=now if refusals else None)
        if total >= MOST_REFUSALS and now - since >= _HEARD_OUT_FOR:
            return self.closed(Closure.REFUSED, now=now, wish=timedelta())
        return replace(self, refused=total)

    def suspected(self, *, now: datetime, answers: int, gone: int) -> Gate:
        """The figures are those that raised the suspicion."""
        return replace(self, suspected_at=now, answers=answers, gone=gone)

    def trusted(self, *, until: datetime) -> Gate:
        """An operator has looked: these subscriptions have really ended."""
        return replace(self, suspected_at=None, answers=0, gone=0, trusted_until=until)
